import { test } from 'tap'
import { isNetwork } from '../../../src/config/network.js'

test('addresses, networks without bits behind their prefix, and Unix sockets', async (t) => {
  for (const text of [
    '192.0.2.7', '::1', '10.0.0.0/8', '172.16.0.0/12', '198.51.100.128/31', '10.0.0.1/32', '0.0.0.0/0', '::/0', '2001:db8::/32', '2001:db9:8000::/33', '::1/128', '128.0.0.0/1',
    '::ffff:10.0.0.0/104', '::ffff:10.0.0.1', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:1.2.3.4', 'fe80::/10', '1::/16', 'unix',
  ]) t.equal(isNetwork(text), true, text)
  for (const text of [
    '', 'proxy.example', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/08', '10.0.0.0/-1', '10.0.0.0/8 ', ' 10.0.0.0/8', '10.0.0.0/8/8', '10.0.0.1/8', '10.0.0.0/4', '10.0.0.0/+8', '::1/127',
    '::/129', '::ffff:10.0.0.0/95', '/8', 'fe80::1%lo', 'Unix', '10.0.0', '[::1]', '::1/128x', '2001:db8::1/64', '::ffff:0:0/80', '1::8:0:0/16',
  ]) t.equal(isNetwork(text), false, text)
})

test('what is taken here, the engine takes too', async (t) => {
  const { loadAddon } = await import('../../../src/native/load.js')
  const { createBrokerWith } = await import('../../../src/create-broker.js')
  const trustedProxies = ['192.0.2.7', '::1', '10.0.0.0/8', '0.0.0.0/0', '::/0', '2001:db8::/32', '::ffff:10.0.0.0/104', '1:2:3:4:5:6:1.2.3.4', 'unix']
  const broker = await createBrokerWith(loadAddon(), { trustedProxies, publish: { port: 0 }, subscribe: { port: 0 } })
  broker.stop()
  t.strictSame(broker.options.proxies.trusted, trustedProxies)
})
