/** The routes of the API on a broker of plain TypeScript, without a server. */

import { test } from 'tap'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { createApi, type ApiDeps, type ApiHistory, type ApiOptions } from '../../../src/api/api.js'
import type { HttpHeaders, HttpResponse } from '../../../src/http/contract.js'
import { openRequest, splitTarget } from '../../../src/http/request-head.js'
import type { ConnectionList, ConnectionsQuery } from '../../../src/connections.js'
import type { TopicStats } from '../../../src/native/binding.js'

const none: TopicStats['skipped'] = { disconnect: 0, 'drop-oldest': 0, latest: 0 }

const noHistory: ApiHistory = { epoch: 'epoch123', messages: [], next: 'epoch123--1', gap: null, oldest: 'epoch123--1', keeps: false }

class FakeBroker implements ApiDeps {
  readonly published: [topic: string, payload: string | Uint8Array][] = []
  readonly errors: unknown[] = []
  readonly limits = { messageBytesMax: 100, logBytesMax: 1000 }
  readonly topics: TopicStats[] = [
    { topic: 'a/b', subscribers: 2, published: 7, skipped: { ...none, latest: 3 } },
    { topic: 'é', subscribers: 1, published: 0, skipped: none },
  ]
  /** Thrown by every call. */
  failure: Error | null = null
  counters: Record<string, number> = { connections_now: 3, bytes_sent: 12 }
  used = 0
  turnAgesMs = [0, 0]
  isDraining = false

  isReserved(topic: string): boolean {
    return topic.startsWith('pusher/shop/')
  }

  publish(topic: string, payload: string | Uint8Array): number {
    this.#mayFail()
    return this.published.push([topic, payload]) - 1
  }

  stats() {
    this.#mayFail()
    return this.counters
  }

  explainStats() {
    return { connections_now: 'sockets open', bytes_sent: 'bytes written to all sockets' }
  }

  topicStats(max: number) {
    this.#mayFail()
    return this.topics.slice(0, max)
  }

  topic(name: string) {
    this.#mayFail()
    return this.topics.find(({ topic }) => topic === name) ?? null
  }

  /** What was asked of histories, and what is answered: the last one again and again. */
  readonly asked: [topic: string, ask: object][] = []
  pages: ApiHistory[] = [noHistory]
  listeners: (() => void)[] = []

  history(topic: string, ask: object): ApiHistory {
    this.#mayFail()
    this.asked.push([topic, ask])
    return (this.pages.length > 1 ? this.pages.shift() : this.pages[0]) ?? noHistory
  }

  onPublished(_topic: string, listener: () => void) {
    this.listeners.push(listener)
    return () => {
      this.listeners = this.listeners.filter((each) => each !== listener)
    }
  }

  async connections(_query: ConnectionsQuery): Promise<ConnectionList> {
    this.#mayFail()
    return { total: 0, connections: [], next: null }
  }

  async removeConnection(id: number) {
    this.#mayFail()
    return id === 17
  }

  status() {
    this.#mayFail()
    return { turnAgesMs: this.turnAgesMs }
  }

  logBytes() {
    this.#mayFail()
    return this.used
  }

  draining() {
    return this.isDraining
  }

  onError(error: unknown): void {
    this.errors.push(error)
  }

  #mayFail(): void {
    if (this.failure !== null) throw this.failure
  }
}

interface Asking {
  readonly body?: string | Uint8Array
  readonly headers?: HttpHeaders
}

type Ask = (method: string, target: string, asking?: Asking) => Promise<HttpResponse>

/** An API as a server asks it. */
function start(options: Partial<ApiOptions> = {}): { broker: FakeBroker, ask: Ask } {
  const broker = new FakeBroker()
  const service = createApi(broker, { token: null, hosts: [], ...options })
  const ask: Ask = async (method, target, { body = '', headers = {} } = {}) => {
    const bytes = Buffer.from(body)
    const length = bytes.length === 0 ? {} : { 'content-length': String(bytes.length) }
    const opened = openRequest(service, { majorVersion: 1, minorVersion: 1, method, ...splitTarget(target), headers: { host: 'localhost', ...length, ...headers } })
    if (!('route' in opened)) return opened
    return service.answer(opened.route, { ...opened.request, body: bytes })
  }
  return { broker, ask }
}

function bodyOf({ body }: HttpResponse): unknown {
  return JSON.parse(String(body))
}

test('publishing', async (t) => {
  const { broker, ask } = start()
  const first = await ask('POST', '/topics/a/b', { body: 'é', headers: { 'content-type': 'text/plain; charset=utf-8' } })
  t.match(first, { status: 200, headers: { 'content-type': 'application/json' } })
  t.strictSame(bodyOf(first), { topic: 'a/b', offset: 0 })
  t.strictSame(bodyOf(await ask('POST', '/topics/%C3%A9%20%2F?ignored', { body: '{}', headers: { 'content-type': 'Application/JSON' } })), { topic: 'é /', offset: 1 })
  for (const type of ['application/octet-stream', 'application/jsonp', 'x-text/plain', 'x-application/x-www-form-urlencoded']) {
    await ask('POST', '/topics/c', { body: '\0', headers: { 'content-type': type } })
  }
  await ask('POST', '/topics/d')
  t.strictSame(broker.published, [
    ['a/b', 'é'], ['é /', '{}'],
    ['c', Buffer.from('\0')], ['c', Buffer.from('\0')], ['c', Buffer.from('\0')], ['c', Buffer.from('\0')],
    ['d', Buffer.alloc(0)],
  ])
})

test("what curl sends without a type is text where it is UTF-8", async (t) => {
  const { broker, ask } = start()
  for (const type of ['application/x-www-form-urlencoded', 'Application/X-WWW-Form-URLencoded; charset=x']) {
    await ask('POST', '/topics/a', { body: '{"EUR": 1.08}', headers: { 'content-type': type } })
    await ask('POST', '/topics/a', { body: Buffer.from([0xc3]), headers: { 'content-type': type } })
  }
  const each = [['a', '{"EUR": 1.08}'], ['a', Buffer.from([0xc3])]]
  t.strictSame(broker.published, [...each, ...each])
})

test('a body that was compressed on its way is published as it was meant', async (t) => {
  const { broker, ask } = start()
  const codings = { gzip: gzipSync, 'x-gzip': gzipSync, deflate: deflateSync, br: brotliCompressSync, ' GZip ': gzipSync, identity: (body: Buffer) => body }
  for (const [name, encode] of Object.entries(codings)) {
    const body = encode(Buffer.from(`é ${name}`))
    t.match(await ask('POST', '/topics/a', { body, headers: { 'content-type': 'text/plain', 'content-encoding': name } }), { status: 200 }, name)
  }
  t.strictSame(broker.published, Object.keys(codings).map((name) => ['a', `é ${name}`]))
})

test('compressed bodies that are refused', async (t) => {
  const { broker, ask } = start()
  const send = (coding: string, body: Uint8Array) => ask('POST', '/topics/a', { body, headers: { 'content-encoding': coding } })
  t.match(await send('gzip', gzipSync(Buffer.alloc(100))), { status: 200 }, 'as many bytes as there may be')
  for (const [coding, encode] of [['gzip', gzipSync], ['deflate', deflateSync], ['br', brotliCompressSync]] as const) {
    const bomb = encode(Buffer.alloc(coding === 'br' ? 10_000_000 : 50_000))
    t.ok(bomb.length <= 100, `${coding}: ${bomb.length} bytes`)
    t.match(await send(coding, bomb), { status: 413 }, `${coding}: more`)
    t.match(await send(coding, Buffer.from('plain text')), { status: 400 }, `${coding}: not of it`)
    t.match(await send(coding, encode(Buffer.from('cut')).subarray(0, -3)), { status: 400 }, `${coding}: cut`)
  }
  for (const coding of ['compress', 'zstd', 'gzip, gzip', 'gzip,br', 'constructor', '__proto__']) {
    t.match(await send(coding, Buffer.from('x')), { status: 415, headers: { 'accept-encoding': 'gzip, deflate, br' } }, coding)
  }
  t.equal(broker.published.length, 1)
  t.strictSame(broker.errors, [])
})

test('the root shows what there is', async (t) => {
  const { ask } = start({ token: 'a-token-of-some-length' })
  const answer = await ask('GET', '/')
  t.equal(answer.status, 200)
  const { routes } = bodyOf(answer) as { routes: Record<string, string> }
  t.strictSame(Object.keys(routes), [
    'POST /topics/{topic}', 'GET /topics', 'GET /topics/{topic}', 'POST /publish',
    'GET /connections', 'DELETE /connections/{id}', 'GET /metrics', 'GET /live', 'GET /ready', 'GET /openapi.json',
  ])
  for (const [route, about] of Object.entries(routes)) t.match(about, /^\w.{5,}/, route)
  t.match(await ask('POST', '/', { body: 'x' }), { status: 405 })
})

test('what is not published', async (t) => {
  const { broker, ask } = start()
  const text = { 'content-type': 'text/plain' }
  t.match(await ask('POST', '/topics/a', { body: Buffer.from([0xff]), headers: text }), { status: 400 }, 'text that is not UTF-8')
  t.match(await ask('POST', '/topics/a', { body: 'x'.repeat(101) }), { status: 413 })
  t.match(await ask('POST', '/topics/', { body: 'x' }), { status: 404 }, 'no topic')
  t.match(await ask('POST', '/topics', { body: 'x' }), { status: 405, headers: { allow: 'GET, HEAD' } })
  t.match(await ask('DELETE', '/topics/a'), { status: 405, headers: { allow: 'POST, GET, HEAD' } })
  t.strictSame(broker.published, [])
})

test('what the broker refuses', async (t) => {
  const { broker, ask } = start()
  const statuses: Readonly<Record<string, [status: number, retryAfter: string | undefined]>> = {
    ERR_TOPIC: [400, undefined], ERR_MESSAGE_BYTES: [413, undefined], ERR_LOG_BYTES: [503, '1'], ERR_TOPICS: [503, '10'], ERR_CLOSED: [503, '1'],
  }
  for (const [code, [status, retryAfter]] of Object.entries(statuses)) {
    broker.failure = Object.assign(new Error(`${code} in words`), { code })
    const answer = await ask('POST', '/topics/a', { body: 'x' })
    t.equal(answer.status, status, code)
    t.equal(answer.headers['retry-after'], retryAfter)
    t.match(bodyOf(answer), { status, detail: `${code} in words` })
  }
  for (const path of ['/topics', '/topics/a', '/metrics', '/live', '/ready']) t.match(await ask('GET', path), { status: 503 }, `${path} of a closed broker`)
  t.strictSame(broker.errors, [])
  broker.failure = new Error('a bug')
  t.match(await ask('POST', '/topics/a', { body: 'x' }), { status: 500 })
  t.strictSame(broker.errors, [broker.failure])
})

test('topics', async (t) => {
  const { broker, ask } = start()
  t.strictSame(bodyOf(await ask('GET', '/topics')), { topics: broker.topics })
  t.strictSame(bodyOf(await ask('GET', '/topics?max=1')), { topics: broker.topics.slice(0, 1) })
  for (const max of ['0', '-1', '100001', '1000000000000', '1.5', 'x', '']) t.match(await ask('GET', `/topics?max=${max}`), { status: 400 }, `max=${max}`)
  t.strictSame(bodyOf(await ask('GET', '/topics/a/b')), broker.topics[0])
  t.strictSame(bodyOf(await ask('GET', '/topics/%C3%A9')), broker.topics[1])
  const missing = await ask('GET', '/topics/nobody')
  t.match(missing, { status: 404, headers: { 'content-type': 'application/problem+json' } })
})

test('metrics', async (t) => {
  const { broker, ask } = start()
  const first = await ask('GET', '/metrics')
  t.match(first, { status: 200, headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } })
  const lines = (answer: HttpResponse) => String(answer.body).split('\n')
  t.ok(lines(first).includes('# TYPE broker_connections gauge'))
  t.ok(lines(first).includes('# HELP broker_connections Sockets open.'))
  t.ok(lines(first).includes('broker_connections 3'))
  t.ok(lines(first).includes('# TYPE broker_bytes_sent_total counter'))
  t.ok(lines(first).includes('broker_bytes_sent_total 12'))
  t.match(String(first.body), /^process_cpu_seconds_total \d/m, 'and those of the process')
  broker.counters = { connections_now: 1, bytes_sent: 20, pings_sent: 4 }
  const [second] = await Promise.all([ask('GET', '/metrics'), ask('GET', '/metrics')])
  for (const line of ['broker_connections 1', 'broker_bytes_sent_total 20', 'broker_pings_sent_total 4']) t.ok(lines(second).includes(line), line)
  const names = lines(second).filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2])
  t.equal(new Set(names).size, names.length, 'each is told once')
  t.strictSame(names.filter((name = '') => /^nodejs_active_.*_total$/.test(name)), [], 'no gauge has the name of a counter')
})

test('two brokers in one process', async (t) => {
  const [one, other] = [start(), start()]
  other.broker.counters = { connections_now: 8 }
  t.match(String((await one.ask('GET', '/metrics')).body), /^broker_connections 3$/m)
  t.match(String((await other.ask('GET', '/metrics')).body), /^broker_connections 8$/m)
})

test('health', async (t) => {
  const { broker, ask } = start()
  t.strictSame(bodyOf(await ask('GET', '/live')), { status: 'live' })
  broker.turnAgesMs = [0, 3_600_000]
  t.match(await ask('GET', '/live'), { status: 200 }, 'a shard may sleep')
  t.strictSame(bodyOf(await ask('GET', '/ready')), { status: 'ready' })
  broker.used = 850
  t.match(await ask('GET', '/ready'), { status: 200 })
  broker.used = 851
  t.match(bodyOf(await ask('GET', '/ready')), { status: 503, detail: 'the logs must be at most 85 % full, got: 86 %' })
  broker.used = 0
  broker.isDraining = true
  t.match(bodyOf(await ask('GET', '/ready')), { status: 503, detail: 'the broker is shutting down' })
  t.match(await ask('GET', '/live'), { status: 200 }, 'who shuts down need not be killed')
})

test('who may ask', async (t) => {
  const open = start()
  t.match(await open.ask('POST', '/topics/a', { headers: { host: 'evil.example' } }), { status: 403 }, 'not from a page elsewhere')
  t.strictSame(open.broker.published, [])
  const { broker, ask } = start({ token: 'a token of 16 bytes' })
  const authorization = 'Bearer a token of 16 bytes'
  for (const [method, path] of [['POST', '/topics/a'], ['GET', '/topics'], ['GET', '/topics/a/b'], ['GET', '/metrics']] as const) {
    t.match(await ask(method, path), { status: 401 }, `${method} ${path}`)
    t.match(await ask(method, path, { headers: { authorization, host: 'any.example' } }), { status: 200 }, `${method} ${path} with the token`)
  }
  for (const path of ['/live', '/ready']) t.match(await ask('GET', path), { status: 200 }, path)
  t.match(await ask('POST', '/topics/a', { body: 'x'.repeat(101) }), { status: 401 }, 'before the body is looked at')
  t.equal(broker.published.length, 1)
})
