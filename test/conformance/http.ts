/**
 * HTTP/1 heads, good and bad, against every port that reads them: one rule for all (RFC 9110, RFC 9112). On the Pusher port the engine judges
 * the first request of a connection and Node's server those behind it: both are asked.
 */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { RawHttp } from '../support/raw-http.js'

interface Row {
  readonly name: string
  readonly bytes: (target: string) => string
  /** What the plain ports, the Pusher port and the API answer. */
  readonly statuses: readonly [plain: number, pusher: number, api: number]
  /** What the publish port answers, where it is not what the subscribe port does. */
  readonly publish?: number
  readonly method?: 'HEAD'
}

const host = 'Host: localhost\r\n'
const head = (target: string, lines = host, method = 'GET', version = 'HTTP/1.1') => `${method} ${target} ${version}\r\n${lines}\r\n`

function all(status: number, name: string, bytes: Row['bytes']): Row {
  return { name, bytes, statuses: [status, status, status] }
}

/** With these lines beside Host. */
const withLines = (status: number, name: string, lines: string, method = 'GET') => all(status, name, (target) => head(target, host + lines, method))

const badHosts = [
  '', 'a b', 'u@h', 'h/x', 'a,b', 'h:abc', '[::1', '<x>', 'h\xc3\xa4', 'h:65536', 'h:-1', 'h:1:2', '::1', '[]', '[::1]x', '[127.0.0.1]', '[::1%lo]',
  '[1:2:3:4:5:6:7]', '[1:2:3:4:5:6:7:8:9]', '[1::2::3]', '[12345::]', '[:1]', '[1:]', 'h?x', 'h%41', 'http://h', '*',
]
const goodHosts = ['localhost', 'LOCALHOST:1', '127.0.0.1', '127.0.0.1:65535', '[::1]', '[::1]:8000', '[::ffff:127.0.0.1]', 'localhost:']

const rows: readonly Row[] = [
  { name: 'a request', bytes: (target) => head(target), statuses: [426, 404, 200] },
  { name: 'HEAD', bytes: (target) => head(target, host, 'HEAD'), statuses: [405, 404, 200], method: 'HEAD' },
  { name: 'HEAD, malformed', bytes: (target) => head(target, 'Host: a b\r\n', 'HEAD'), statuses: [400, 400, 400], method: 'HEAD' },
  { name: 'POST', bytes: (target) => head(target, `${host}Content-Length: 0\r\n`, 'POST'), statuses: [405, 404, 405], publish: 200 },
  all(204, 'OPTIONS *', () => head('*', host, 'OPTIONS')),
  ...badHosts.map((each) => all(400, `Host ${each}`, (target) => head(target, `Host: ${each}\r\n`))),
  ...goodHosts.map((each): Row => ({ name: `Host ${each}`, bytes: (target) => head(target, `Host: ${each}\r\n`), statuses: [426, 404, 200] })),
  all(400, 'no Host', (target) => head(target, 'X: y\r\n')),
  all(400, 'no Host, a method nobody knows', (target) => head(target, 'X: y\r\n', 'BREW')),
  all(400, 'two Hosts', (target) => head(target, host + host)),
  ...['BREW', 'get', 'GETS', 'M!#$'].map((method) => all(501, `method ${method}`, (target) => head(target, host, method))),
  all(400, 'a method that is no token', (target) => head(target, host, 'G(T')),
  all(400, 'a fragment', (target) => head(`${target}#there`)),
  all(400, 'a fragment behind a query', (target) => head(`${target}?a#there`)),
  all(400, 'a space in the target', (target) => head(`${target} x`)),
  all(400, 'no version', (target) => `GET ${target}\r\n${host}\r\n`),
  all(400, 'a version in small letters', (target) => head(target, host, 'GET', 'http/1.1')),
  all(505, 'HTTP/2.0', (target) => head(target, host, 'GET', 'HTTP/2.0')),
  all(505, 'HTTP/3.7', (target) => head(target, host, 'GET', 'HTTP/3.7')),
  { name: 'HTTP/1.0', bytes: (target) => head(target, host, 'GET', 'HTTP/1.0'), statuses: [426, 404, 200] },
  { name: 'HTTP/1.0 without Host', bytes: (target) => head(target, '', 'GET', 'HTTP/1.0'), statuses: [426, 404, 200] },
  all(400, 'HTTP/1.0, a Host that is none', (target) => head(target, 'Host: a b\r\n', 'GET', 'HTTP/1.0')),
  all(400, 'line feeds alone', (target) => head(target).replaceAll('\r\n', '\n')),
  all(400, 'a carriage return alone', (target) => head(target, `${host}A: b\rc\r\n`)),
  withLines(400, 'a folded header', 'A: b\r\n c\r\n'),
  withLines(400, 'a space before the colon', 'A : b\r\n'),
  withLines(400, 'no colon', 'A\r\n'),
  withLines(400, 'no name', ': b\r\n'),
  withLines(400, 'a name that is no token', 'A(b): c\r\n'),
  withLines(400, 'a NUL', 'A: b\0c\r\n'),
  withLines(400, 'two lengths', 'Content-Length: 1\r\nContent-Length: 2\r\n', 'POST'),
  withLines(400, 'a length twice', 'Content-Length: 1\r\nContent-Length: 1\r\n', 'POST'),
  withLines(400, 'lengths in one line', 'Content-Length: 1, 1\r\n', 'POST'),
  withLines(400, 'a length below zero', 'Content-Length: -1\r\n', 'POST'),
  withLines(400, 'a length with a sign', 'Content-Length: +1\r\n', 'POST'),
  withLines(400, 'an empty length', 'Content-Length: \r\n', 'POST'),
  withLines(400, 'a length in hexadecimal', 'Content-Length: 0x1\r\n', 'POST'),
  withLines(400, 'length and chunks', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', 'POST'),
  withLines(501, 'an unknown coding', 'Transfer-Encoding: gzip\r\n', 'POST'),
  withLines(400, 'chunked twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', 'POST'),
  all(414, 'a target over 8 KiB', (target) => head(`${target}?${'x'.repeat(8200)}`)),
  withLines(431, 'a head over 16 KiB', `A: ${'b'.repeat(17_000)}\r\n`),
  withLines(431, '101 headers', 'A: b\r\n'.repeat(100)),
  all(400, 'a TLS hello', () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
  all(400, 'words', () => 'hello there\r\n\r\n'),
]

test('every port', async (t) => {
  const broker = await startBroker(t, { args: ['--pusher'] })
  const ports: readonly (readonly [name: string, port: number, target: string, column: 0 | 1 | 2, behind: boolean])[] = [
    ['publish', broker.publishPort, '/a', 0, false], ['subscribe', broker.subscribePort, '/a', 0, false], ['Pusher', broker.pusherPort, '/', 1, false],
    ['Pusher, behind another request', broker.pusherPort, '/', 1, true], ['API', broker.apiPort, '/live', 2, false],
  ]
  for (const [port, number, target, column, behind] of ports) {
    for (const { name, bytes, statuses, publish, method = 'GET' } of rows) {
      const client = await RawHttp.connect(number)
      if (behind) {
        await client.write(head('/'))
        await client.answer()
      }
      await client.write(Buffer.from(bytes(target), 'latin1'))
      const answer = await client.answer(method)
      const expected = port === 'publish' ? publish ?? statuses[column] : statuses[column]
      t.equal(answer?.status, expected, `${port}: ${name}`)
      t.match(answer?.headers['date'], / GMT$/, `${port}: ${name}: its date`)
      if (answer?.headers['connection']?.startsWith('close') === true) {
        client.socket.end()
        await client.closed
      }
      t.equal(client.pending, '', `${port}: ${name}: nothing else`)
      client.close()
    }
  }
  t.equal(broker.stderr(), '')
})
