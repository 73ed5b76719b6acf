/** The table of test/native/codec/http1/http1_refusals_test.cc: one rule for every port. */

import { test } from 'tap'
import { parseHost } from '../../../src/http/host.js'

test('what is no host', async (t) => {
  for (const bad of ['', 'a b', 'u@h', 'h/x', 'a,b', 'h:abc', '[::1', '<x>', 'h\xc3\xa4', 'h:65536', 'h:-1', 'h:1:2', '::1', '[]', '[::1]x', '[127.0.0.1]', '[::1%lo]',
    '[1:2:3:4:5:6:7]', '[1:2:3:4:5:6:7:8:9]', '[1::2::3]', '[12345::]', '[:1]', '[1:]', 'h?x', 'h%41', 'http://h', '*', 'a, b', `${'a'.repeat(254)}`]) {
    t.equal(parseHost(bad), null, bad)
  }
})

test('names and addresses, with a port and without', async (t) => {
  const good: Readonly<Record<string, readonly [kind: string, host: string]>> = {
    'a': ['name', 'a'],
    'LocalHost:8001': ['name', 'localhost'],
    'my_service.local': ['name', 'my_service.local'],
    '127.0.0.1:1': ['ipv4', '127.0.0.1'],
    '[::1]:8001': ['ipv6', '::1'],
    '[::]': ['ipv6', '::'],
    '[1::]': ['ipv6', '1::'],
    '[1:2:3:4:5:6:7:8]': ['ipv6', '1:2:3:4:5:6:7:8'],
    '[::FFFF:127.0.0.1]': ['ipv6', '::ffff:127.0.0.1'],
    '[64:ff9b::1.2.3.4]:65535': ['ipv6', '64:ff9b::1.2.3.4'],
    'h:': ['name', 'h'],
    'xn--bcher-kva.example': ['name', 'xn--bcher-kva.example'],
    'a.': ['name', 'a.'],
    '1.2.3': ['name', '1.2.3'],
  }
  for (const [header, [kind, host]] of Object.entries(good)) t.strictSame(parseHost(header), { kind, host }, header)
})
