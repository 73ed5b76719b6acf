import { test } from 'tap'
import { parseStreamAddress } from '../../../src/config/stream-address.js'

test('where streams are listened for', async (t) => {
  t.strictSame(parseStreamAddress('8080'), { kind: 'tcp', host: 'localhost', port: 8080 })
  t.strictSame(parseStreamAddress('tcp://127.0.0.1:8080'), { kind: 'tcp', host: '127.0.0.1', port: 8080 })
  t.strictSame(parseStreamAddress('tcp://[::1]:0'), { kind: 'tcp', host: '::1', port: 0 })
  t.strictSame(parseStreamAddress('tcp://a.example:65535'), { kind: 'tcp', host: 'a.example', port: 65_535 })
  t.strictSame(parseStreamAddress('unix:/run/b.sock'), { kind: 'unix', path: '/run/b.sock' })
  t.strictSame(parseStreamAddress(`unix:/${'x'.repeat(106)}`), { kind: 'unix', path: `/${'x'.repeat(106)}` })
})

test('anything else is none', async (t) => {
  for (const text of [
    '', '65536', '-1', '80.5', 'tcp://127.0.0.1', 'tcp://:80', 'tcp://a:65536', 'tcp://::1:80', 'tcp://a:80/', 'udp://a:80', 'unix:', 'unix:relative',
    'unix:/', 'unix:/a\0b', `unix:/${'x'.repeat(107)}`, `unix:/${'é'.repeat(54)}`, '/run/b.sock', '127.0.0.1:80',
  ]) t.equal(parseStreamAddress(text), null, text)
})
