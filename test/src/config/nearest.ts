import { test } from 'tap'
import { nearest } from '../../../src/config/nearest.js'

test('the nearest word, or none', async (t) => {
  const known = ['limits.messageBytesMax', 'shards', 'cpus']
  t.equal(nearest('limits.messageByteMax', known), 'limits.messageBytesMax')
  t.equal(nearest('SHARDS', known), 'shards')
  t.equal(nearest('shrads', known), 'shards')
  t.equal(nearest('tls.certificate', known), null)
  t.equal(nearest('x', []), null)
  t.equal(nearest('BROKER_FROB', ['BROKER_IO']), 'BROKER_IO')
  t.equal(nearest('BROKER_FROB', ['BROKER_IO'], 'BROKER_'), null)
})
