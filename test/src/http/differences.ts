/**
 * What the two HTTP servers do with bytes that are not a plain sequence of requests: both sides of the table in docs/http-api.md. Whatever a
 * server answers, what stands behind a request that ends its connection never comes to a handler.
 */

import { test, type Test } from 'tap'
import { startHttpServer } from '../../../src/api/http-servers.js'
import type { Route } from '../../../src/http/contract.js'
import { createRouter } from '../../../src/http/router.js'
import { loadUws } from '../../../src/http/uws-module.js'
import { RawHttp, request } from '../../support/raw-http.js'

const servers = ['node', 'uws'] as const
type ServerName = (typeof servers)[number]

/** What a connection comes to. */
interface Outcome {
  /** The statuses of its answers, in order. */
  readonly answers: readonly number[]
  /** Then it ends, or waits for more. */
  readonly then: 'ends' | 'waits'
}

const good = 'host: localhost\r\n'
const get = (target: string, lines = good, version = '1.1') => `GET ${target} HTTP/${version}\r\n${lines}\r\n`
const post = (lines: string, body = '', version = '1.1') => `POST /echo HTTP/${version}\r\n${good}${lines}\r\n${body}`
/** Must never be served where it stands behind something that ends the connection. */
const hidden = get('/hidden')

const ends = (...answers: number[]): Outcome => ({ answers, then: 'ends' })
const both = (...seen: string[]) => ({ node: seen, uws: seen })
const waits = (...answers: number[]): Outcome => ({ answers, then: 'waits' })

interface Row {
  readonly name: string
  readonly bytes: string
  readonly node: Outcome
  readonly uws: Outcome
  /** Requests of it that come to a handler; none where the outcomes say so. */
  readonly seen?: Partial<Record<ServerName, readonly string[]>>
}

const rows: readonly Row[] = [
  { name: 'two requests', bytes: get('/hello') + get('/hello'), node: waits(200, 200), uws: waits(200, 200), seen: both('/hello', '/hello') },
  // Refusals that end the connection, and another request in the same read.
  // On uWebSockets.js that ends the connection, and with it the answer.
  { name: 'two lengths', bytes: post('content-length: 1\r\ncontent-length: 2\r\n', 'ab') + hidden, node: ends(400), uws: ends() },
  { name: 'one length twice', bytes: post('content-length: 1\r\ncontent-length: 1\r\n', 'a') + hidden, node: ends(400), uws: ends() },
  { name: 'an empty transfer coding', bytes: post('transfer-encoding: \r\n') + hidden, node: ends(501), uws: ends() },
  { name: 'a doubled transfer coding', bytes: post('transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n', '0\r\n\r\n') + hidden, node: ends(400), uws: ends() },
  { name: 'an unknown transfer coding', bytes: post('transfer-encoding: gzip\r\n') + hidden, node: ends(501), uws: ends() },
  { name: 'a length and chunks', bytes: post('content-length: 3\r\ntransfer-encoding: chunked\r\n', '0\r\n\r\n') + hidden, node: ends(400), uws: ends() },
  { name: 'two hosts', bytes: get('/hello', 'host: a\r\nhost: b\r\n') + hidden, node: ends(400), uws: ends() },
  { name: 'two hosts alone', bytes: get('/hello', 'host: a\r\nhost: b\r\n'), node: ends(400), uws: ends(400) },
  { name: 'no host', bytes: get('/hello', 'x: y\r\n') + hidden, node: ends(400), uws: ends() },
  { name: 'a host that is none', bytes: get('/hello', 'host: a b\r\n') + hidden, node: ends(400), uws: ends() },
  { name: 'a fragment', bytes: get('/hello#x') + hidden, node: ends(400), uws: ends() },
  { name: 'a fragment alone', bytes: get('/hello#x'), node: ends(400), uws: ends(400) },
  { name: 'the client ends it', bytes: get('/hello', `${good}connection: close\r\n`) + hidden, node: ends(200), uws: ends(), seen: both('/hello') },
  { name: 'the client ends it, among other words', bytes: get('/hello', `${good}connection: x, Close\r\n`) + hidden, node: ends(200), uws: ends(), seen: both('/hello') },
  { name: 'the client ends it, nothing behind', bytes: get('/hello', `${good}connection: close\r\n`), node: ends(200), uws: ends(200), seen: both('/hello') },
  { name: 'HEAD, and the client ends it', bytes: get('/hello', `${good}connection: close\r\n`).replace('GET', 'HEAD'), node: ends(200), uws: ends(200), seen: both('/hello') },
  { name: 'HEAD, and the client ends it, among other words', bytes: get('/hello', `${good}connection: x, Close\r\n`).replace('GET', 'HEAD'), node: ends(200), uws: waits(200), seen: both('/hello') },
  // Heads.
  // It takes such a header for the end of them: those behind it are not seen.
  { name: 'an empty header name', bytes: get('/hello', `${good}: y\r\n`) + hidden, node: ends(400), uws: waits(200, 200), seen: { uws: ['/hello', '/hidden'] } },
  { name: 'an empty header name alone', bytes: get('/hello', `${good}: y\r\n`), node: ends(400), uws: waits(200), seen: { uws: ['/hello'] } },
  { name: 'a head of 100 kB', bytes: get('/hello', `${good}x: ${'y'.repeat(100_000)}\r\n`), node: ends(431), uws: ends(431) },
  { name: 'a NUL in a header', bytes: get('/hello', `${good}a: b\0c\r\n`) + hidden, node: ends(400), uws: waits() },
  { name: 'a line feed alone', bytes: `GET /hello HTTP/1.1\nhost: localhost\n\n${hidden}`, node: ends(400), uws: waits() },
  { name: 'a folded header', bytes: get('/hello', `${good}a: b\r\n c\r\n`) + hidden, node: ends(400), uws: waits() },
  { name: 'a space before the colon', bytes: get('/hello', `${good}a : b\r\n`) + hidden, node: ends(400), uws: waits() },
  { name: 'a method nobody knows', bytes: get('/hello').replace('GET', 'BREW') + hidden, node: ends(501), uws: ends() },
  { name: 'OPTIONS *', bytes: `OPTIONS * HTTP/1.1\r\n${good}\r\n`, node: waits(204), uws: waits() },
  { name: 'an absolute target', bytes: get('http://localhost/hello'), node: waits(200), uws: waits(), seen: { node: ['/hello'] } },
  { name: 'CONNECT', bytes: `CONNECT a:1 HTTP/1.1\r\n${good}\r\n${hidden}`, node: ends(405), uws: waits() },
  { name: 'an upgrade', bytes: get('/hello', `${good}upgrade: websocket\r\nconnection: Upgrade\r\n`) + get('/hello'), node: waits(200, 200), uws: waits(200, 200), seen: both('/hello', '/hello') },
  // Expectations and chunks.
  { name: '100-Continue in another spelling', bytes: post('expect: 100-Continue\r\ncontent-length: 2\r\n', 'ab'), node: waits(100, 200), uws: ends(417), seen: { node: ['/echo ab'] } },
  { name: 'another expectation', bytes: post('expect: miracles\r\ncontent-length: 2\r\n', 'ab'), node: ends(417), uws: ends(417) },
  { name: 'chunks', bytes: post('transfer-encoding: chunked\r\n', '3\r\nabc\r\n0\r\n\r\n'), node: waits(200), uws: ends(411), seen: { node: ['/echo abc'] } },
  { name: 'a chunk that does not end', bytes: post('transfer-encoding: chunked\r\n', '3\r\nabcXX0\r\n\r\n') + hidden, node: ends(400), uws: ends() },
  { name: 'a chunk of no size', bytes: post('transfer-encoding: chunked\r\n', 'zz\r\nabc\r\n0\r\n\r\n') + hidden, node: ends(400), uws: ends() },
  { name: 'a chunk with an extension', bytes: post('transfer-encoding: chunked\r\n', '3;a=b\r\nabc\r\n0\r\n\r\n'), node: waits(200), uws: ends(411), seen: { node: ['/echo abc'] } },
  // Garbage behind a request that was served.
  { name: 'garbage behind a message', bytes: `${post('content-length: 2\r\n', 'ab')}garbage\r\n\r\n${hidden}`, node: ends(200, 400), uws: waits(200), seen: both('/echo ab') },
  // HTTP/1.0.
  { name: 'HTTP/1.0', bytes: get('/hello', good, '1.0') + hidden, node: ends(200), uws: waits(), seen: { node: ['/hello'] } },
  { name: 'HTTP/1.0 with a body', bytes: post('content-length: 2\r\n', 'ab', '1.0'), node: ends(200), uws: waits(), seen: { node: ['/echo ab'] } },
  { name: 'HTTP/1.0 without Host', bytes: get('/hello', '', '1.0'), node: ends(200), uws: waits(), seen: { node: ['/hello'] } },
  { name: 'HTTP/1.0 in chunks', bytes: post('transfer-encoding: chunked\r\n', '0\r\n\r\n', '1.0') + hidden, node: ends(400), uws: waits() },
  { name: 'HTTP/2.0', bytes: get('/hello', good, '2.0') + hidden, node: ends(505), uws: waits() },
]

async function start(t: Test, server: ServerName): Promise<{ port: number, seen: string[] }> {
  const seen: string[] = []
  const route = (method: Route['method'], path: string): Route => ({
    method, path, bodyBytesMax: method === 'GET' ? 0 : 1000, access: 'anyone',
    handle: ({ body }) => {
      seen.push(`${path} ${body.toString('latin1')}`.trim())
      return { status: 200, headers: {}, body }
    },
  })
  const service = createRouter([route('GET', '/hello'), route('POST', '/echo'), route('GET', '/hidden'), route('GET', '/sentinel')],
    { guard: null, onError: (error) => t.fail(String(error)) })
  const addresses = [{ address: '127.0.0.1', port: 0, optional: false }]
  const running = await startHttpServer(server, { addresses, limits: { requestHeadMs: 10_000, requestMs: 10_000, keepAliveMs: 10_000, connectionsMax: 1000 }, service, proxies: null, onDenied: () => {} })
  t.teardown(() => running.close(0))
  return { port: running.bound[0]?.port ?? 0, seen }
}

/** A request of somebody else is answered: by then the server has looked at everything that came before. */
async function sentinel(port: number): Promise<void> {
  const client = await RawHttp.connect(port)
  void client.write(request('GET', '/sentinel'))
  await client.answer()
  client.close()
}

for (const server of servers) {
  test(server, { skip: server === 'uws' && await loadUws() === null }, async (t) => {
    const { port, seen } = await start(t, server)
    for (const { name, bytes, seen: expected = {}, [server]: outcome } of rows) {
      seen.length = 0
      const client = await RawHttp.connect(port)
      await client.write(Buffer.from(bytes, 'latin1'))
      const answers: number[] = []
      while (answers.length < outcome.answers.length) {
        const answer = await client.answer(bytes.startsWith('HEAD') ? 'HEAD' : 'GET')
        if (answer === null) break
        answers.push(answer.status)
      }
      if (outcome.then === 'ends') {
        t.equal(await client.answer(), null, `${name}: it ends`)
      } else {
        await sentinel(port)
        await sentinel(port)
        t.equal(client.ended, false, `${name}: it waits`)
      }
      t.equal(client.pending, '', `${name}: nothing else is answered`)
      t.strictSame(answers, outcome.answers, name)
      t.strictSame(seen.filter((each) => each !== '/sentinel'), expected[server] ?? [], `${name}: what came to handlers`)
      client.close()
    }
  })
}
