import { test } from 'tap'
import { isLoopback } from '../../../src/api/loopback.js'

test('loopbacks', async (t) => {
  for (const address of ['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '0:0:0:0:0:0:0:1']) t.ok(isLoopback(address), address)
  for (const address of ['0.0.0.0', '::', '128.0.0.1', '10.0.0.1', 'fe80::1', '::ffff:10.0.0.1', 'localhost', '']) t.notOk(isLoopback(address), address)
})
