import { test } from 'tap'
import { describeSystemError, formatEndpoint, isLoopback } from '../../src/endpoint.js'

test('endpoints', async (t) => {
  t.equal(formatEndpoint('127.0.0.1', 8001), '127.0.0.1:8001')
  t.equal(formatEndpoint('::1', 8001), '[::1]:8001')
  t.equal(formatEndpoint('unix:/run/b.sock', 0), 'unix:/run/b.sock')
})

test('system errors in words', async (t) => {
  t.equal(describeSystemError('EADDRINUSE'), 'address already in use (EADDRINUSE)')
  t.equal(describeSystemError('EWHAT'), 'EWHAT')
})

test('loopbacks', async (t) => {
  for (const address of ['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '0:0:0:0:0:0:0:1']) t.ok(isLoopback(address), address)
  for (const address of ['0.0.0.0', '::', '128.0.0.1', '10.0.0.1', 'fe80::1', '::ffff:10.0.0.1', 'localhost', '']) t.notOk(isLoopback(address), address)
})
