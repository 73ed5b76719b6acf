/** Upgrades on connections that somebody else accepted: when they are given back, with which bytes, and what happens when they are not. */

import { createServer, type AddressInfo, type Socket } from 'node:net'
import { test, type Test } from 'tap'
import type { AdoptingHttpServer, HttpResponse, TakeBack } from '../../../src/http/contract.js'
import { startNodeHttpServer } from '../../../src/http/node-server.js'
import { asksForWebSocket } from '../../../src/http/node-upgrade.js'
import { createRouter } from '../../../src/http/router.js'
import { RawHttp, request } from '../../support/raw-http.js'

const text = (body: string | Uint8Array): HttpResponse => ({ status: 200, headers: { 'content-type': 'text/plain' }, body })

const upgrade = 'GET /app/key?protocol=7 HTTP/1.1\r\nHost: a\r\nupGrade: WebSocket\r\nConnection: Upgrade\r\nX-E:  \xe9 \r\nX: 1\r\nX: 2\r\n\r\n'
const upgradeHead = upgrade.replace(':  \xe9 \r', ': \xe9\r')

interface Place {
  readonly server: AdoptingHttpServer
  readonly port: number
  readonly waiting: (() => void)[]
}

/** `sockets` gathers the server's ends. */
async function start(t: Test, takeBack: TakeBack | null, sockets: Socket[] = []): Promise<Place> {
  const waiting: (() => void)[] = []
  const service = createRouter([
    { method: 'GET', path: '/wait', bodyBytesMax: 0, access: 'anyone', handle: () => new Promise((resolve) => waiting.push(() => resolve(text('waited')))) },
    { method: 'POST', path: '/echo', bodyBytesMax: 1000, access: 'anyone', handle: ({ body }) => text(body) },
    { method: 'GET', path: '/long', bodyBytesMax: 0, access: 'anyone', handle: () => text(Buffer.alloc(4 * 2 ** 20)) },
  ], { guard: null, onError: (error) => t.fail(String(error)) })
  const server = await startNodeHttpServer({ addresses: [], limits: { requestHeadMs: 10_000, requestMs: 10_000, keepAliveMs: 10_000, connectionsMax: 10 }, service, proxies: null, onDenied: () => {} })
  const listener = createServer((socket: Socket) => {
    sockets.push(socket)
    server.adopt(socket, Buffer.alloc(0), takeBack, '127.0.0.1:4711')
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    listener.close()
    return server.close(0)
  })
  return { server, port: (listener.address() as AddressInfo).port, waiting }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

test('which requests ask for WebSocket', async (t) => {
  const asks = (value: string | undefined) => asksForWebSocket({ headers: { upgrade: value } } as Parameters<typeof asksForWebSocket>[0])
  for (const value of ['websocket', 'WebSocket', 'h2c, websocket', 'h2c ,\twebsocket ,x']) t.equal(asks(value), true, value)
  for (const value of [undefined, '', 'h2c', 'websocket2', 'websocket/13', 'web socket', 'x websocket']) t.equal(asks(value), false, String(value))
})

test('it is given back with all its bytes, when every answer before it is on the wire', async (t) => {
  const given: { fd: number, head: string }[] = []
  const { port, waiting } = await start(t, (fd, head) => given.push({ fd, head: Buffer.from(head).toString('latin1') }))
  const client = await RawHttp.connect(port)
  void client.write(Buffer.from(request('GET', '/wait') + request('POST', '/echo', { body: 'second' }) + request('GET', '/long') + upgrade + 'same read', 'latin1'))
  await until(() => waiting.length === 1)
  await client.write(', next read')
  t.strictSame(given, [], 'not before the answers')
  waiting.shift()?.()
  t.match(await client.answer(), { status: 200, body: 'waited' })
  t.match(await client.answer(), { status: 200, body: 'second' })
  t.equal((await client.answer())?.body.length, 4 * 2 ** 20)
  await client.closed // nobody made a descriptor of his own
  t.equal(given.length, 1)
  t.equal(given[0]?.head, `${upgradeHead}same read, next read`)
  t.equal(Number(given[0]?.fd) > 2, true)
})

test('who cannot take it back has it told 503', async (t) => {
  const { port } = await start(t, () => { throw new Error('no descriptor is left') })
  const client = await RawHttp.connect(port)
  void client.write(Buffer.from(request('POST', '/echo', { body: 'x' }) + upgrade, 'latin1'))
  t.match(await client.answer(), { status: 200, body: 'x' })
  t.match(await client.answer(), { status: 503, headers: { connection: 'close', 'retry-after': '1' }, body: /no descriptor is left/ })
  await client.closed
})

test('an upgrade to something else, and to WebSocket where nobody takes it back, is ignored', async (t) => {
  const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' }
  const { port } = await start(t, () => t.fail('it does not ask for WebSocket'))
  const client = await RawHttp.connect(port)
  for (let round = 0; round < 5; round += 1) {
    const [one, two] = [request('POST', '/echo', { headers, body: `one ${round}` }), request('POST', '/echo', { body: `two ${round}` })]
    void client.write(one + two)
    t.match(await client.answer(), { status: 200, body: `one ${round}` })
    t.match(await client.answer(), { status: 200, body: `two ${round}` })
    void client.write(one.slice(0, -3))
    void client.write(one.slice(-3))
    t.match(await client.answer(), { status: 200, body: `one ${round}` })
  }
  client.close()

  const { port: other } = await start(t, null)
  const second = await RawHttp.connect(other)
  void second.write(Buffer.from(upgrade + request('POST', '/echo', { body: 'x' }), 'latin1'))
  t.match(await second.answer(), { status: 404 })
  t.match(await second.answer(), { status: 200, body: 'x' })
  second.close()
})

test('regression: a connection that asks for it with every request gathers nothing', async (t) => {
  const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' }
  const sockets: Socket[] = []
  const { port } = await start(t, () => t.fail('it does not ask for WebSocket'), sockets)
  const warnings: Error[] = []
  const warn = (warning: Error) => warnings.push(warning)
  process.on('warning', warn)
  t.teardown(() => process.off('warning', warn))
  const client = await RawHttp.connect(port)
  const counts: number[] = []
  for (let round = 0; round < 30; round += 1) {
    void client.write(request('POST', '/echo', { headers, body: 'x' }))
    t.match(await client.answer(), { status: 200, body: 'x' })
    const [socket] = sockets
    counts.push((socket?.eventNames() ?? []).reduce((sum, name) => sum + (socket?.listenerCount(name) ?? 0), 0))
  }
  t.equal(counts.at(-1), counts[1], 'listeners')
  await new Promise((resolve) => setImmediate(resolve))
  t.strictSame(warnings, [])
  client.close()
})

test('behind a request that ends the connection nothing is given back', async (t) => {
  const { port } = await start(t, () => t.fail('the connection ends'))
  for (const first of [request('POST', '/echo', { body: 'x', headers: { connection: 'close' } }), request('POST', '/echo', { headers: { 'content-length': '100000' } })]) {
    const client = await RawHttp.connect(port)
    void client.write(Buffer.from(first + upgrade, 'latin1'))
    t.match(await client.answer(), { headers: { connection: 'close' } })
    client.socket.end()
    await client.closed
  }
})

test('a server that closes meanwhile refuses it', async (t) => {
  const { server, port, waiting } = await start(t, () => t.fail('the server is closing'))
  const client = await RawHttp.connect(port)
  void client.write(Buffer.from(request('GET', '/wait') + upgrade, 'latin1'))
  await until(() => waiting.length === 1)
  const closed = server.close(10_000)
  waiting.shift()?.()
  t.match(await client.answer(), { status: 200, body: 'waited', headers: { connection: 'close' } })
  t.equal(await client.answer(), null)
  await closed
})
