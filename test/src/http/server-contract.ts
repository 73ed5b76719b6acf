/** What every HTTP server must do, run on each of them. */

import { test, type Test } from 'tap'
import { startHttpServer } from '../../../src/api/http-servers.js'
import type { HttpAddress, HttpLimits, HttpRequest, HttpResponse, HttpServer, Route } from '../../../src/http/contract.js'
import { createRouter } from '../../../src/http/router.js'
import { loadUws } from '../../../src/http/uws-module.js'
import { RawHttp, request } from '../../support/raw-http.js'

interface Row {
  readonly server: 'node' | 'uws'
  /** What becomes of what is not HTTP: uWebSockets.js (this version) never answers it. */
  readonly malformed: 'refused' | 'unanswered'
  /** uWebSockets.js does not say where a broken chunk ends: it is given none. */
  readonly takesChunks: boolean
  /** What connectionsMax counts. */
  readonly counted: 'connections' | 'requests'
}

const rows: readonly Row[] = [
  { server: 'node', malformed: 'refused', takesChunks: true, counted: 'connections' },
  { server: 'uws', malformed: 'unanswered', takesChunks: false, counted: 'requests' },
]

/** It has no binaries for some versions of Node. */
const uwsRuns = await loadUws() !== null

const bodyBytesMax = 2 ** 20
const anywhere: HttpAddress = { address: '127.0.0.1', port: 0, optional: false }

function text(body: string | Uint8Array, headers: Record<string, string> = {}): HttpResponse {
  return { status: 200, headers: { 'content-type': 'text/plain', ...headers }, body }
}

/** A server with a few routes, and what came to them. */
class Fixture {
  readonly server: HttpServer
  readonly seen: HttpRequest[]
  readonly errors: unknown[]
  /** Answers the oldest request to /wait. */
  readonly release: (answer: HttpResponse) => void
  readonly #clients: RawHttp[] = []

  private constructor(server: HttpServer, parts: Pick<Fixture, 'seen' | 'errors' | 'release'>) {
    this.server = server
    this.seen = parts.seen
    this.errors = parts.errors
    this.release = parts.release
  }

  static async start(t: Test, { server: choice }: Row, limits: Partial<HttpLimits> = {}, addresses = [anywhere]): Promise<Fixture> {
    const seen: HttpRequest[] = []
    const errors: unknown[] = []
    const waiting: ((answer: HttpResponse) => void)[] = []
    const noting = (handle: Route['handle']): Route['handle'] => (each) => {
      seen.push(each)
      return handle(each)
    }
    const route = (method: Route['method'], path: string, handle: Route['handle']): Route =>
      ({ method, path, bodyBytesMax: method === 'GET' ? 0 : bodyBytesMax, access: 'anyone', handle: noting(handle) })
    const routes = [
      route('GET', '/hello', () => text('hello')),
      route('POST', '/echo', ({ body }) => text(body)),
      route('GET', '/say/{what...}', ({ parameters }) => text(parameters['what'] ?? '')),
      route('GET', '/header/{value}', ({ parameters }) => text('', { 'x-value': parameters['value'] ?? '' })),
      route('GET', '/later', async () => {
        await new Promise((resolve) => setImmediate(resolve))
        return text('later')
      }),
      route('GET', '/wait', () => new Promise((resolve) => waiting.push(resolve))),
      route('POST', '/wait', () => new Promise((resolve) => waiting.push(resolve))),
      route('GET', '/throw', () => {
        throw new Error('thrown')
      }),
      route('GET', '/reject', async () => {
        throw new Error('rejected')
      }),
      route('GET', '/big', () => text('x'.repeat(4 * 2 ** 20))),
    ]
    const service = createRouter(routes, { guard: null, onError: (error) => errors.push(error) })
    const options = { addresses, limits: { requestHeadMs: 10_000, requestMs: 10_000, keepAliveMs: 10_000, connectionsMax: 1000, ...limits }, service, proxies: null, onDenied: () => {} }
    const server = await startHttpServer(choice, options)
    const release = (answer: HttpResponse) => waiting.shift()?.(answer)
    const fixture = new Fixture(server, { seen, errors, release })
    t.teardown(() => fixture.stop())
    return fixture
  }

  get port(): number {
    return this.server.bound[0]?.port ?? 0
  }

  async connect(): Promise<RawHttp> {
    const client = await RawHttp.connect(this.port)
    this.#clients.push(client)
    return client
  }

  /** One request on a connection of its own. */
  async ask(bytes: string | Uint8Array) {
    const client = await this.connect()
    void client.write(bytes)
    return client.answer()
  }

  /** Resolves when so many requests have come to handlers. */
  async untilSeen(count: number): Promise<void> {
    while (this.seen.length < count) await new Promise((resolve) => setImmediate(resolve))
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close()
    await this.server.close(0)
  }
}

type Answer = Awaited<ReturnType<RawHttp['answer']>>

function isProblem(t: Test, answer: Answer, status: number, what = `${status}`): void {
  t.equal(answer?.status, status, what)
  t.equal(answer?.headers['content-type'], 'application/problem+json', `${what}: as a problem`)
  t.match(JSON.parse(answer?.body ?? '{}'), { type: 'about:blank', status, title: String, detail: String }, `${what}: its members`)
}

type Case = (t: Test, row: Row) => Promise<void>

const cases: Readonly<Record<string, Case>> = {
  async 'methods and paths'(t, row) {
    const fixture = await Fixture.start(t, row)
    const client = await fixture.connect()
    const ask = async (bytes: string) => {
      void client.write(bytes)
      return client.answer()
    }
    t.match(await ask(request('GET', '/hello')), { status: 200, headers: { 'content-type': 'text/plain', 'content-length': '5' }, body: 'hello' })
    t.match(await ask(request('POST', '/echo', { body: 'abc' })), { status: 200, body: 'abc' })
    t.match(await ask(request('POST', '/echo')), { status: 200, body: '' }, 'no body')
    t.match(await ask(request('POST', '/echo', { headers: { 'content-length': '0' } })), { status: 200, body: '' }, 'an empty body')
    t.match(await ask(request('GET', '/say/a%2Fb/%C3%A9?q=1')), { status: 200, body: 'a/b/é' })
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const answer = await ask(request(method, '/hello'))
      isProblem(t, answer, 405, method)
      t.equal(answer?.headers['allow'], 'GET, HEAD')
    }
    t.equal((await ask(request('GET', '/echo')))?.headers['allow'], 'POST')
    isProblem(t, await ask(request('GET', '/nothing')), 404)
    isProblem(t, await ask(request('GET', '/hello/')), 404, 'a slash more')
    isProblem(t, await ask(request('GET', '/say/%zz')), 400, 'no escape')
    isProblem(t, await ask(request('GET', '/say/%ff')), 400, 'not UTF-8')
  },

  async 'what a handler sees'(t, row) {
    const fixture = await Fixture.start(t, row)
    await fixture.ask(request('POST', '/echo?a=%20&b', { body: 'x', headers: { 'X-One': 'first', 'x-One': 'second', Cookie: 'c=d' } }))
    await fixture.ask(request('GET', '/say/it'))
    const [post, get] = fixture.seen
    t.match(post, { method: 'POST', path: '/echo', query: 'a=%20&b', parameters: {}, body: Buffer.from('x') })
    t.match(post?.headers, { 'x-one': 'first, second', cookie: 'c=d', host: 'localhost', 'content-length': '1' })
    t.match(get, { method: 'GET', path: '/say/it', query: '', parameters: { what: 'it' } })
    t.equal(get?.body.length, 0)
  },

  async 'HEAD is GET without its body'(t, row) {
    const fixture = await Fixture.start(t, row)
    const client = await fixture.connect()
    void client.write(request('HEAD', '/hello') + request('HEAD', '/nothing') + request('GET', '/hello'))
    t.match(await client.answer('HEAD'), { status: 200, headers: { 'content-type': 'text/plain', 'content-length': '5' } })
    t.match(await client.answer('HEAD'), { status: 404, headers: { 'content-type': 'application/problem+json' } })
    t.match(await client.answer(), { status: 200, body: 'hello' }, 'nothing lies between')
  },

  async 'bodies'(t, row) {
    const fixture = await Fixture.start(t, row)
    const client = await fixture.connect()
    const bytes = Buffer.from(Array.from({ length: bodyBytesMax }, (_, at) => at * 7 % 251))
    void client.write(`POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${bytes.length}\r\n\r\n`)
    void client.write(bytes)
    t.match(await client.answer(), { status: 200, headers: { 'content-length': String(bytes.length) } })
    t.ok(fixture.seen[0]?.body.equals(bytes), 'exactly the longest one, any bytes')

    for (const byte of request('POST', '/echo', { body: 'byte by byte' })) await client.write(byte)
    t.match(await client.answer(), { status: 200, body: 'byte by byte' })

    void client.write(request('GET', '/big'))
    t.equal((await client.answer())?.body.length, 4 * 2 ** 20, 'a long answer')

    void client.write(request('POST', '/echo', { headers: { 'transfer-encoding': 'chunked' } }))
    for (const piece of ['3\r\nabc\r\n', '2\r', '\nde\r\n', '0\r\n\r\n']) await client.write(piece)
    const answer = await client.answer()
    if (row.takesChunks) t.match(answer, { status: 200, body: 'abcde' }, 'chunks')
    else isProblem(t, answer, 411, 'chunks')
  },

  async 'a body over the limit is refused before it is read'(t, row) {
    const fixture = await Fixture.start(t, row)
    const client = await fixture.connect()
    void client.write(`POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${bodyBytesMax + 1}\r\n\r\n`)
    isProblem(t, await client.answer(), 413, 'by its length alone')

    const sending = await fixture.connect()
    void sending.write(`POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${16 * bodyBytesMax}\r\n\r\n`)
    for (let mebibyte = 0; mebibyte < 15; mebibyte += 1) void sending.write(Buffer.alloc(bodyBytesMax))
    isProblem(t, await sending.answer(), 413, 'while it is being sent')

    const chunked = await fixture.connect()
    void chunked.write(request('POST', '/echo', { headers: { 'transfer-encoding': 'chunked' } }))
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    for (let sent = 0; sent <= bodyBytesMax; sent += 0x10000) void chunked.write(chunk)
    isProblem(t, await chunked.answer(), row.takesChunks ? 413 : 411, 'in chunks')

    isProblem(t, await fixture.ask(request('GET', '/hello', { body: 'x' })), 413, 'where none is wanted')
    t.equal(fixture.seen.length, 0)
  },

  async 'a short refused body does not cost the connection'(t, row) {
    const fixture = await Fixture.start(t, row)
    const client = await fixture.connect()
    void client.write(request('POST', '/nothing', { body: 'x'.repeat(1000) }) + request('GET', '/hello'))
    isProblem(t, await client.answer(), 404)
    t.match(await client.answer(), { status: 200, body: 'hello' })
  },

  async 'a request that does not end'(t, row) {
    const fixture = await Fixture.start(t, row, { requestHeadMs: 200, requestMs: 200 })
    const client = await fixture.connect()
    void client.write(`POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhalf`)
    isProblem(t, await client.answer(), 408)
    await client.closed
    t.equal(fixture.seen.length, 0)
    t.match(await fixture.ask(request('GET', '/hello')), { status: 200 }, 'others go on')
  },

  async 'heads that are refused'(t, row) {
    const fixture = await Fixture.start(t, row)
    isProblem(t, await fixture.ask('GET /hello HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n'), 400, 'two hosts')
    isProblem(t, await fixture.ask('POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'), 400, 'two lengths')
    isProblem(t, await fixture.ask(request('POST', '/echo', { headers: { 'transfer-encoding': 'gzip, chunked' } })), 501, 'a coding')
    isProblem(t, await fixture.ask(request('GET', `/say/${'x'.repeat(8200)}`)), 414, 'a long path')
    isProblem(t, await fixture.ask(request('GET', `/hello?${'x'.repeat(8200)}`)), 414, 'a long query')
    t.equal(fixture.seen.length, 0)
  },

  async 'what is not HTTP'(t, row) {
    const fixture = await Fixture.start(t, row)
    const good = 'host: localhost\r\n'
    const heads: Readonly<Record<string, readonly [head: string, status: number]>> = {
      'no host': ['GET /hello HTTP/1.1\r\nx: y\r\n\r\n', 400],
      'no request': ['hello there\r\n\r\n', 400],
      'another version': [`GET /hello HTTP/3.7\r\n${good}\r\n`, 505],
      'a method nobody knows': [`FOO /hello HTTP/1.1\r\n${good}\r\n`, 501],
      'such a method and no host': ['FOO /hello HTTP/1.1\r\nx: y\r\n\r\n', 400],
      'bare line feeds': ['GET /hello HTTP/1.1\nhost: localhost\n\n', 400],
      'a folded header': [`GET /hello HTTP/1.1\r\n${good}a: b\r\n c\r\n\r\n`, 400],
      'a space before the colon': [`GET /hello HTTP/1.1\r\n${good}a : b\r\n\r\n`, 400],
      'a NUL in a header': [`GET /hello HTTP/1.1\r\n${good}a: b\0c\r\n\r\n`, 400],
      'a NUL in the path': [`GET /say/a\0b HTTP/1.1\r\n${good}\r\n`, 400],
      'a carriage return in the path': [`GET /say/a\rx: y HTTP/1.1\r\n${good}\r\n`, 400],
      'length and chunks': [`POST /echo HTTP/1.1\r\n${good}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
      'a length below zero': [`POST /echo HTTP/1.1\r\n${good}content-length: -1\r\n\r\n`, 400],
      'too many headers': [`GET /hello HTTP/1.1\r\n${good}${'a: b\r\n'.repeat(100)}\r\n`, 431],
      'a long head in pieces': [`GET /hello HTTP/1.1\r\n${good}a: ${'b'.repeat(20_000)}`, 431],
    }
    for (const [name, [head, status]] of Object.entries(heads)) {
      const client = await fixture.connect()
      await client.write(head)
      const isAnswered = row.malformed === 'refused' || client.pending !== ''
      if (isAnswered) isProblem(t, await client.answer(), status, name)
      const before = fixture.seen.length
      t.equal((await fixture.ask(request('GET', '/hello')))?.status, 200)
      t.equal(fixture.seen.length, before + 1, `${name}: no handler saw it`)
      t.equal(client.pending, '', `${name}: nothing else is answered`)
    }
  },

  async 'a connection is kept, or not'(t, row) {
    const fixture = await Fixture.start(t, row)
    const client = await fixture.connect()
    for (let round = 0; round < 3; round += 1) {
      void client.write(request('GET', '/hello'))
      t.equal((await client.answer())?.status, 200)
    }
    void client.write(request('GET', '/hello', { headers: { connection: 'close' } }))
    t.equal((await client.answer())?.status, 200)
    await client.closed
    t.pass('closed when asked to')
  },

  async 'requests that are sent ahead'(t, row) {
    const fixture = await Fixture.start(t, row)
    const client = await fixture.connect()
    const numbers = Array.from({ length: 50 }, (_, at) => String(at))
    void client.write(numbers.map((each) => request('POST', '/echo', { body: each }) + request('GET', `/say/${each}`)).join(''))
    for (const each of numbers) {
      t.equal((await client.answer())?.body, each)
      t.equal((await client.answer())?.body, each)
    }
  },

  async 'many at once'(t, row) {
    const fixture = await Fixture.start(t, row)
    const bodies = await Promise.all(Array.from({ length: 100 }, async (_, at) => {
      const client = await fixture.connect()
      const bodies: string[] = []
      for (let round = 0; round < 5; round += 1) {
        const target = round % 2 === 0 ? `/say/${at}` : '/later'
        void client.write(request('GET', target))
        bodies.push((await client.answer())?.body ?? 'nothing')
      }
      return bodies.join(' ')
    }))
    t.strictSame(bodies, bodies.map((_, at) => `${at} later ${at} later ${at}`))
  },

  async 'handlers that take their time, or fail'(t, row) {
    const fixture = await Fixture.start(t, row)
    t.match(await fixture.ask(request('GET', '/later')), { status: 200, body: 'later' })
    isProblem(t, await fixture.ask(request('GET', '/throw')), 500, 'thrown')
    isProblem(t, await fixture.ask(request('GET', '/reject')), 500, 'rejected')
    t.match(fixture.errors, [{ message: 'thrown' }, { message: 'rejected' }], 'both are told')
  },

  async 'clients that go away'(t, row) {
    const fixture = await Fixture.start(t, row)
    const half = await fixture.connect()
    await half.write('POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhalf')
    half.close()
    const impatient = await fixture.connect()
    void impatient.write(request('POST', '/wait', { body: 'x' }))
    await fixture.untilSeen(1)
    impatient.close()
    await impatient.closed
    t.match(await fixture.ask(request('GET', '/hello')), { status: 200 }, 'the server has seen it go')
    fixture.release(text('for nobody'))
    t.match(await fixture.ask(request('GET', '/hello')), { status: 200 })
    t.strictSame(fixture.seen.map(({ path }) => path), ['/wait', '/hello', '/hello'], 'half a request is none')
    t.strictSame(fixture.errors, [])
  },

  async 'nothing of a request gets into the head of its answer'(t, row) {
    const fixture = await Fixture.start(t, row)
    for (const value of ['a%0d%0ax-injected:%20yes', 'a%0ax-injected:%20yes', 'a%0d%0a%0d%0abody', 'a%00', '%e2%82%ac']) {
      const answer = await fixture.ask(request('GET', `/header/${value}`))
      isProblem(t, answer, 500, value)
      t.notOk(answer !== null && 'x-injected' in answer.headers)
    }
    t.equal(fixture.errors.length, 5)
    t.match(await fixture.ask(request('GET', '/header/fine%09too')), { status: 200, headers: { 'x-value': 'fine\ttoo' } })
    const reflected = await fixture.ask(request('GET', '/%22,%22status%22:200'))
    isProblem(t, reflected, 404, 'nor into its JSON')
  },

  async 'Expect: 100-continue'(t, row) {
    const fixture = await Fixture.start(t, row)
    const client = await fixture.connect()
    void client.write(request('POST', '/echo', { headers: { expect: '100-continue', 'content-length': '3' } }))
    t.match(await client.answer(), { status: 100 })
    void client.write('abc')
    t.match(await client.answer(), { status: 200, body: 'abc' })
  },

  async 'more than connectionsMax'(t, row) {
    const fixture = await Fixture.start(t, row, { connectionsMax: 2 })
    const clients = [await fixture.connect(), await fixture.connect()]
    const bytes = row.counted === 'requests' ? request('GET', '/wait') : request('GET', '/hello')
    for (const client of clients) await client.write(bytes)
    await fixture.untilSeen(2)
    const third = await fixture.ask(request('GET', '/hello'))
    isProblem(t, third, 503)
    t.ok(third?.headers['retry-after'])
    if (row.counted === 'requests') fixture.release(text('done'))
    t.match(await clients[0]?.answer(), { status: 200 })
    clients[0]?.close()
    await clients[0]?.closed
    let answer = await fixture.ask(request('GET', '/hello'))
    while (answer?.status === 503) answer = await fixture.ask(request('GET', '/hello')) // until the server has seen it go
    t.equal(answer?.status, 200, 'there is room again')
  },

  async 'closing'(t, row) {
    const fixture = await Fixture.start(t, row)
    const [idle, silent, working] = [await fixture.connect(), await fixture.connect(), await fixture.connect()]
    void idle.write(request('GET', '/hello'))
    await idle.answer()
    void working.write(request('GET', '/wait'))
    await fixture.untilSeen(2)
    const closing = fixture.server.close(10_000)
    t.equal(fixture.server.close(0), closing, 'a second call joins the first')
    await t.rejects(RawHttp.connect(fixture.port), { code: 'ECONNREFUSED' })
    fixture.release(text('the last one'))
    t.match(await working.answer(), { status: 200, body: 'the last one', headers: { connection: 'close' } })
    await closing
    await Promise.all([idle.closed, silent.closed, working.closed])
    t.pass('all connections are gone')
  },

  async 'closing does not wait longer than it is told to'(t, row) {
    const fixture = await Fixture.start(t, row)
    const stuck = await fixture.connect()
    void stuck.write(request('GET', '/wait'))
    await fixture.untilSeen(1)
    await fixture.server.close(50)
    t.equal(await stuck.answer(), null, 'no answer, no connection')
    fixture.release(text('too late'))
    await fixture.server.close(50)
  },

  async 'addresses'(t, row) {
    const lacking: HttpAddress = { address: '192.0.2.1', port: 0, optional: true }
    const fixture = await Fixture.start(t, row, {}, [anywhere, { address: '127.0.0.2', port: 0, optional: false }, lacking])
    const [first, second] = fixture.server.bound
    t.equal(fixture.server.bound.length, 2, 'an optional address may be missing')
    t.ok(first !== undefined && first.port > 0)
    t.match(second, { address: '127.0.0.2', port: first?.port }, 'one port for all')
    const other = await RawHttp.connect(fixture.port, '127.0.0.2')
    void other.write(request('GET', '/hello'))
    t.match(await other.answer(), { status: 200 })
    other.close()
    const taken = { ...anywhere, port: fixture.port }
    await t.rejects(Fixture.start(t, row, {}, [taken]), {
      name: 'ListenError', code: 'EADDRINUSE', message: `cannot listen on 127.0.0.1:${fixture.port} (api.port, --api-port): address already in use (EADDRINUSE)`,
    })
    await t.rejects(Fixture.start(t, row, {}, [anywhere, { ...lacking, optional: false }]), { name: 'ListenError', code: 'EADDRNOTAVAIL' })
  },
}

for (const row of rows) {
  test(row.server, { skip: row.server === 'uws' && !uwsRuns }, async (t) => {
    for (const [name, run] of Object.entries(cases)) await t.test(name, (each) => run(each, row))
  })
}
