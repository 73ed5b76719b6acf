import { test } from 'tap'
import { describeSystemError, formatEndpoint } from '../../src/endpoint.js'

test('endpoints', async (t) => {
  t.equal(formatEndpoint('127.0.0.1', 8001), '127.0.0.1:8001')
  t.equal(formatEndpoint('::1', 8001), '[::1]:8001')
  t.equal(formatEndpoint('unix:/run/b.sock', 0), 'unix:/run/b.sock')
})

test('system errors in words', async (t) => {
  t.equal(describeSystemError('EADDRINUSE'), 'address already in use (EADDRINUSE)')
  t.equal(describeSystemError('EWHAT'), 'EWHAT')
})
