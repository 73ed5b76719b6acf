/** What Node's server does beyond the contract of all: it adopts connections, and answers what is not HTTP. */

import { createServer, type AddressInfo, type Socket } from 'node:net'
import { test, type Test } from 'tap'
import type { AdoptingHttpServer, HttpLimits, HttpResponse, HttpServerOptions, Route } from '../../../src/http/contract.js'
import type { HttpProxies } from '../../../src/http/client-address.js'
import { startNodeHttpServer } from '../../../src/http/node-server.js'
import { createRouter } from '../../../src/http/router.js'
import { RawHttp, request } from '../../support/raw-http.js'

const bodyBytesMax = 2 ** 20

function text(body: string | Uint8Array): HttpResponse {
  return { status: 200, headers: { 'content-type': 'text/plain' }, body }
}

interface Fixture {
  readonly server: AdoptingHttpServer
  readonly port: number
  /** Answers the oldest request to /wait. */
  release(): void
  waiting(): number
}

async function start(t: Test, limits: Partial<HttpLimits> = {}, place: Partial<HttpServerOptions> = {}): Promise<Fixture> {
  const waiting: (() => void)[] = []
  const route = (method: Route['method'], path: string, handle: Route['handle']): Route =>
    ({ method, path, bodyBytesMax: method === 'GET' ? 0 : bodyBytesMax, access: 'anyone', handle })
  const service = createRouter([
    route('GET', '/hello', () => text('hello')),
    route('GET', '/secret', () => ({ ...text('no'), status: 403 })),
    route('POST', '/echo', ({ body }) => text(body)),
    route('GET', '/wait', () => new Promise((resolve) => waiting.push(() => resolve(text('waited'))))),
  ], { guard: null, onError: (error) => t.fail(String(error)) })
  const addresses = [{ address: '127.0.0.1', port: 0, optional: false }]
  const server = await startNodeHttpServer({
    addresses, limits: { requestHeadMs: 10_000, requestMs: 10_000, keepAliveMs: 10_000, connectionsMax: 1000, ...limits }, service, proxies: null, onDenied: () => {}, ...place,
  })
  t.teardown(() => server.close(0))
  return { server, port: server.bound[0]?.port ?? 0, release: () => waiting.shift()?.(), waiting: () => waiting.length }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

/** A listener of somebody else, who hands each connection to `give`. @returns its port. */
async function acceptElsewhere(t: Test, give: (socket: Socket) => void): Promise<number> {
  const listener = createServer(give)
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  t.teardown(() => listener.close())
  return (listener.address() as AddressInfo).port
}

test('a connection is adopted wherever its request is cut', async (t) => {
  const { server } = await start(t)
  const bytes = Buffer.from(request('POST', '/echo', { body: 'what came' }) + request('GET', '/hello'))
  let head = bytes.subarray(0, 0)
  const port = await acceptElsewhere(t, (socket) => server.adopt(socket, head, null, '127.0.0.1:4711'))
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    head = bytes.subarray(0, cut)
    const client = await RawHttp.connect(port)
    void client.write(bytes.subarray(cut))
    const [first, second] = [await client.answer(), await client.answer()]
    if (first?.body !== 'what came' || second?.body !== 'hello') t.fail(`cut at ${cut}: ${first?.body} ${second?.body}`)
    client.close()
  }
  t.pass(`${bytes.length + 1} cuts`)
})

test('a paused connection is adopted, too', async (t) => {
  const { server } = await start(t)
  const port = await acceptElsewhere(t, (socket) => {
    socket.pause()
    setImmediate(() => server.adopt(socket, Buffer.from('GET /he'), null, '127.0.0.1:4711'))
  })
  const client = await RawHttp.connect(port)
  void client.write('llo HTTP/1.1\r\nhost: a\r\n\r\n')
  t.match(await client.answer(), { status: 200, body: 'hello' })
  client.close()
})

test('long bodies on an adopted connection', async (t) => {
  const { server } = await start(t)
  const body = Buffer.from(Array.from({ length: bodyBytesMax }, (_, at) => at * 13 % 256))
  const bytes = Buffer.concat([Buffer.from(`POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n`), body])
  for (const cut of [10, 70, 1000, 65_536, bytes.length - 1, bytes.length]) {
    const port = await acceptElsewhere(t, (socket) => server.adopt(socket, bytes.subarray(0, cut), null, '127.0.0.1:4711'))
    const client = await RawHttp.connect(port)
    void client.write(bytes.subarray(cut))
    const answer = await client.answer()
    t.equal(answer?.status, 200, `cut at ${cut}`)
    t.equal(answer?.headers['content-length'], String(body.length))
    client.close()
  }
})

test('an adopted connection has the same limits', async (t) => {
  const { server } = await start(t, { requestHeadMs: 200, requestMs: 400, connectionsMax: 2 })
  const heads = ['GET /hello HT', 'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf']
  for (const head of heads) {
    const port = await acceptElsewhere(t, (socket) => server.adopt(socket, Buffer.from(head), null, '127.0.0.1:4711'))
    const client = await RawHttp.connect(port)
    t.match(await client.answer(), { status: 408, headers: { 'content-type': 'application/problem+json' } }, JSON.stringify(head))
    await client.closed
  }
  const port = await acceptElsewhere(t, (socket) => server.adopt(socket, Buffer.alloc(0), null, '127.0.0.1:4711'))
  const kept = [await RawHttp.connect(port), await RawHttp.connect(port)]
  for (const client of kept) {
    void client.write(request('GET', '/hello'))
    t.match(await client.answer(), { status: 200 })
  }
  const third = await RawHttp.connect(port)
  t.match(await third.answer(), { status: 503, headers: { connection: 'close' } }, 'one too many')
  await server.close(0)
  await Promise.all(kept.map((client) => client.closed))
  const late = await RawHttp.connect(port)
  t.equal(await late.answer(), null, 'a server that is closed adopts nobody')
})

test('a head that comes byte by byte has one deadline for all of them', async (t) => {
  const { port } = await start(t, { requestHeadMs: 300, requestMs: 10_000 })
  const client = await RawHttp.connect(port)
  const dripping = setInterval(() => void client.write('x'), 20)
  void client.write('GET /hello HTTP/1.1\r\nhost: a\r\nx: ')
  t.match(await client.answer(), { status: 408 })
  clearInterval(dripping)
  await client.closed
})

test('a connection that says nothing', async (t) => {
  const { port } = await start(t, { requestHeadMs: 100 })
  const client = await RawHttp.connect(port)
  t.match(await client.answer(), { status: 408 })
  await client.closed
})

test('expectations and methods that are not served', async (t) => {
  const { port } = await start(t)
  const ask = async (bytes: string) => {
    const client = await RawHttp.connect(port)
    void client.write(bytes)
    const answer = await client.answer()
    await client.closed
    return answer
  }
  t.match(await ask(request('POST', '/echo', { headers: { expect: 'miracles', 'content-length': '3' } })), { status: 417 })
  t.match(await ask(request('POST', '/echo', { headers: { expect: '100-continue', 'content-length': String(bodyBytesMax + 1) } })), { status: 413 },
    'nobody is told to continue for nothing')
  t.match(await ask('CONNECT example.com:80 HTTP/1.1\r\nhost: example.com\r\n\r\n'), { status: 405 })
})

test('an absolute target', async (t) => {
  const { port } = await start(t)
  const client = await RawHttp.connect(port)
  void client.write('GET http://example.com/hello?x HTTP/1.1\r\nhost: example.com\r\n\r\n')
  t.match(await client.answer(), { status: 200, body: 'hello' })
  client.close()
})

test('requests sent ahead of answers that take their time', async (t) => {
  const { port, release, waiting } = await start(t)
  const client = await RawHttp.connect(port)
  void client.write(request('GET', '/wait') + request('POST', '/echo', { body: 'second' }) + request('GET', '/wait'))
  await until(() => waiting() === 2)
  release()
  release()
  t.match(await client.answer(), { body: 'waited' })
  t.match(await client.answer(), { body: 'second' })
  t.match(await client.answer(), { body: 'waited' })
  client.close()
})

test('more requests in one go than may wait', async (t) => {
  const { port, release, waiting } = await start(t)
  const client = await RawHttp.connect(port)
  void client.write(request('GET', '/wait').repeat(102))
  await until(() => waiting() === 100)
  while (waiting() > 0) release()
  const statuses: (number | undefined)[] = []
  for (let count = 0; count < 102; count += 1) statuses.push((await client.answer())?.status)
  t.strictSame(statuses, [...Array<number>(100).fill(200), 429, 429])
  client.close()
})

test('garbage behind a request: that is answered first, and what follows is refused', async (t) => {
  const { port, release, waiting } = await start(t)
  const client = await RawHttp.connect(port)
  void client.write(request('GET', '/wait'))
  await until(() => waiting() === 1)
  void client.write('\0\0\0\r\n\r\n')
  await new Promise((resolve) => setImmediate(resolve))
  release()
  t.match(await client.answer(), { status: 200, body: 'waited' })
  t.match(await client.answer(), { status: 400 })
  await client.closed

  for (const first of [request('GET', '/hello'), request('POST', '/echo', { body: 'hello' }), request('POST', '/nothing', { body: 'x' })]) {
    const other = await RawHttp.connect(port)
    void other.write(`${first}garbage\r\n\r\n${request('GET', '/wait')}`)
    t.match(await other.answer(), { status: first.includes('nothing') ? 404 : 200 })
    t.match(await other.answer(), { status: 400, headers: { date: /GMT$/ } }, 'in the same segment')
    await other.closed
  }
  t.equal(waiting(), 0, 'nothing behind it comes to a handler')
})

test('garbage within a body: its request comes to no handler, those before it are answered', async (t) => {
  const { port, release, waiting } = await start(t)
  const client = await RawHttp.connect(port)
  const broken = request('POST', '/echo', { headers: { 'transfer-encoding': 'chunked' } })
  void client.write(`${request('GET', '/wait')}${request('POST', '/echo', { body: 'whole' })}${broken}3\r\nabc\r\nno chunk\r\n`)
  await until(() => waiting() === 1)
  release()
  t.match(await client.answer(), { status: 200, body: 'waited' })
  t.match(await client.answer(), { status: 200, body: 'whole' })
  t.match(await client.answer(), { status: 400 })
  t.equal(await client.answer(), null)
})

test('behind a request that ends the connection nothing is looked at', async (t) => {
  const { port, waiting } = await start(t)
  const firsts: readonly (readonly [bytes: string, status: number])[] = [
    [request('GET', '/hello', { headers: { connection: 'close' } }), 200],
    ['GET /hello HTTP/1.0\r\n\r\n', 200],
    [request('GET', '/hello', { headers: { host: 'a b' } }), 400],
    [request('POST', '/echo', { headers: { 'transfer-encoding': '' } }), 501],
    [request('POST', '/echo', { headers: { expect: 'miracles' } }), 417],
    ['CONNECT example.com:80 HTTP/1.1\r\nhost: example.com\r\n\r\n', 405],
    [request('POST', '/echo', { headers: { 'content-length': String(bodyBytesMax + 1) } }), 413],
  ]
  for (const [first, status] of firsts) {
    for (const behind of [request('GET', '/wait'), 'garbage\r\n\r\n']) {
      const client = await RawHttp.connect(port)
      void client.write(first + behind)
      t.match(await client.answer(), { status, headers: { connection: 'close' } }, JSON.stringify(first))
      client.socket.end()
      t.equal(await client.answer(), null)
    }
  }
  t.equal(waiting(), 0)
})

test('answers to methods nobody knows, to HEAD, to the whole server', async (t) => {
  const { port } = await start(t)
  const rows: readonly (readonly [bytes: string, status: number])[] = [
    ['BREW /hello HTTP/1.1\r\nhost: a\r\n\r\n', 501],
    [`${request('GET', '/hello')}BREW /hello HTTP/1.1\r\nhost: a\r\n\r\n`, 501],
    ['BREW /hello HTTP/1.0\r\n\r\n', 501],
    ['BREW /hello HTTP/1.1\r\n\r\n', 400],
    ['BREW /hello HTTP/1.1\r\nhost: a b\r\n\r\n', 400],
    ['GET /hello HTTP/3.1\r\nhost: a\r\n\r\n', 505],
    ['POST /hello HTTP/1.1\r\n\r\n', 400],
    ['OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n', 204],
    [request('GET', '/hello#there'), 400],
  ]
  for (const [bytes, status] of rows) {
    const client = await RawHttp.connect(port)
    void client.write(bytes)
    if (bytes.includes('GET /hello HTTP/1.1') && bytes.includes('BREW')) await client.answer()
    const answer = await client.answer()
    t.match(answer, { status, headers: { date: /GMT$/ } }, JSON.stringify(bytes))
    t.equal('content-length' in (answer?.headers ?? {}), status !== 204)
    client.close()
  }
  const head = await RawHttp.connect(port)
  void head.write('HEAD /hello HTTP/1.1\r\nhost: a\r\nx : y\r\n\r\n')
  t.match(await head.answer('HEAD'), { status: 400 })
  await head.closed
  t.equal(head.pending, '', 'without a body')
})

test('over connectionsMax, a few are told and the others are cut', async (t) => {
  const { port } = await start(t, { connectionsMax: 1 })
  const first = await RawHttp.connect(port)
  void first.write(request('GET', '/hello'))
  await first.answer()
  const others = await Promise.all(Array.from({ length: 40 }, async () => {
    const client = await RawHttp.connect(port)
    client.socket.allowHalfOpen = true // it stays until the server has had enough of it
    return client
  }))
  const answers = await Promise.all(others.map((client) => client.answer()))
  t.equal(answers.filter((answer) => answer?.status === 503).length, 32)
  t.equal(answers.filter((answer) => answer === null).length, 8)
  for (const client of [first, ...others]) client.close()
})

test('a kept connection waits for its next request as long as it may, and says so', async (t) => {
  const { port } = await start(t, { keepAliveMs: 75_000 })
  const client = await RawHttp.connect(port)
  void client.write(request('GET', '/hello'))
  t.equal((await client.answer())?.headers['keep-alive'], 'timeout=75')
  client.socket.end()
  const hasty = await start(t, { keepAliveMs: 50 })
  const kept = await RawHttp.connect(hasty.port)
  void kept.write(request('GET', '/hello'))
  t.equal((await kept.answer())?.status, 200)
  await kept.closed
})

/** Whoever connects from 127.0.0.1 is a trusted proxy; a header is `FOR <address>!`. */
const proxies: HttpProxies = {
  header: 'x-forwarded-for', announced: true,
  isTrustedProxy: (address) => address === '127.0.0.1',
  forwardedClient: (value) => value.split(', ').at(-1) ?? null,
  readProxyHeader: (bytes) => {
    const text = Buffer.from(bytes).toString('latin1')
    const end = text.indexOf('!')
    if (!text.startsWith('F')) return { problem: 'no header', bytes: 0, client: null }
    return end === -1 ? null : { problem: null, bytes: end + 1, client: text.slice(4, end) || null }
  },
}

test('a trusted proxy says first whose the connection is', async (t) => {
  const denied: string[] = []
  const { port } = await start(t, {}, { proxies, onDenied: (client, what, status) => denied.push(`${client} ${what} ${status}`) })
  const all = `FOR 203.0.113.7!${request('GET', '/secret?key=value')}${request('GET', '/hello')}`
  for (let cut = 1; cut <= all.length; cut += 5) {
    const client = await RawHttp.connect(port)
    void client.write(all.slice(0, cut))
    await new Promise((resolve) => setImmediate(resolve))
    void client.write(all.slice(cut))
    t.equal((await client.answer())?.status, 403, `cut at ${cut}`)
    t.equal((await client.answer())?.body.toString(), 'hello')
    client.socket.end()
  }
  t.equal(new Set(denied).size, 1)
  t.equal(denied[0], '203.0.113.7 GET /secret 403')
})

test('a proxy that speaks for itself may tell its client in each request', async (t) => {
  const denied: string[] = []
  const { port } = await start(t, {}, { proxies, onDenied: (client) => denied.push(client) })
  const client = await RawHttp.connect(port)
  const from = (address: string) => request('GET', '/secret', { headers: { 'X-Forwarded-For': `198.51.100.1, ${address}` } })
  void client.write(`FOR !${from('203.0.113.7')}${from('203.0.113.8')}${request('GET', '/secret')}`)
  for (let i = 0; i < 3; i += 1) await client.answer()
  t.strictSame(denied, ['203.0.113.7', '203.0.113.8', '127.0.0.1'])
})

test('without its header it is refused, also when it is late', async (t) => {
  const { port, server } = await start(t, { requestHeadMs: 100, connectionsMax: 2 }, { proxies })
  const wrong = await RawHttp.connect(port)
  void wrong.write(request('GET', '/hello'))
  t.match(await wrong.answer(), { status: 400 })
  await wrong.closed
  const [late, silent] = [await RawHttp.connect(port), await RawHttp.connect(port)]
  void late.write('FOR')
  t.match(await (await RawHttp.connect(port)).answer(), { status: 503 }, 'they count')
  t.match(await late.answer(), { status: 408 })
  t.match(await silent.answer(), { status: 408 })
  const waiting = await RawHttp.connect(port)
  void waiting.write('FOR')
  await Promise.all([server.close(1000), waiting.closed])
})
