import { test } from 'tap'
import { clientGroup, isOwnMachine } from '../../../src/auth/address.js'

test('addresses of this machine', async (t) => {
  for (const own of ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', 'unix']) t.ok(isOwnMachine(own), own)
  for (const other of ['10.0.0.1', '128.0.0.1', '::2', '::', '::ffff:10.0.0.1', '0.0.0.0', '', 'localhost', '127.0.0.1.example', '127.1', '2130706433', 'unix:']) {
    t.notOk(isOwnMachine(other), other)
  }
})

test('who counts as one client', async (t) => {
  for (const [address, group] of [
    ['10.0.0.1', '10.0.0.1'], ['::ffff:10.0.0.1', '10.0.0.1'], ['::FFFF:10.0.0.1', '10.0.0.1'], ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'], ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'], ['2001:db8::1', '2001:db8:0:0::/64'], ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'], ['1::', '1:0:0:0::/64'], ['unix', 'unix'], ['', ''],
  ] as const) t.equal(clientGroup(address), group, address)
})
