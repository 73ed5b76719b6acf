import { createHash } from 'node:crypto'
import { test } from 'tap'
import { keyedDigest, plainDigest } from '../../../src/auth/digest.js'

test('keyed digests', async (t) => {
  t.equal(keyedDigest('a'), keyedDigest('a'))
  t.equal(keyedDigest('é'), keyedDigest(Buffer.from('é')))
  t.not(keyedDigest('ab', 'c'), keyedDigest('a', 'bc'), 'parts are told apart')
  t.not(keyedDigest('abc'), keyedDigest('ab', 'c'))
  t.not(keyedDigest('', 'a'), keyedDigest('a', ''))
  const plain = createHash('sha256').update('a').digest('base64url')
  t.not(keyedDigest('a'), plain)
  t.match(keyedDigest('a'), /^[\w-]{43}$/)
})

test('plain digests', async (t) => {
  t.equal(plainDigest('abc').toString('hex'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  t.equal(plainDigest('').length, plainDigest('x'.repeat(10_000)).length)
})
