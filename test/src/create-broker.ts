import { once } from 'node:events'
import { test } from 'tap'
import { WebSocket } from 'ws'
import type { ConnectionEvent, DisconnectEvent } from '../../src/native/binding.js'
import { createBroker, createBrokerWith } from '../../src/create-broker.js'
import { FakeAddon } from '../support/fake-addon.js'

test('options reach the engine resolved', async (t) => {
  const addon = new FakeAddon()
  const broker = await createBrokerWith(addon, { publish: { port: 0 }, shards: 2 })
  t.match(addon.engines[0]?.options, { shards: 2, limits: { connectionsMax: 876 } })
  const { tls: _keys, ...shown } = addon.engines[0]?.options ?? {}
  t.strictSame(broker.options, shown, 'all but keys')
  t.match(broker.listeners[0], { protocol: 'websocket-publish', address: '127.0.0.1', port: 4711 })
  t.strictSame(broker.skipped, [])
  broker.stop()
})

test('a wrong option starts nothing', async (t) => {
  const addon = new FakeAddon()
  await t.rejects(createBrokerWith(addon, { shards: 0 }), { code: 'ERR_CONFIG', message: 'shards must be 1..64, got: 0' })
  t.equal(addon.engines.length, 0)
})

test('auth is asked from the start, and what is wrong with it starts nothing', async (t) => {
  const addon = new FakeAddon()
  const broker = await createBrokerWith(addon, { auth: { webhook: { url: 'http://127.0.0.1:9/', headers: ['cookie'] } } })
  t.strictSame(addon.engines[0]?.calls, ['setAskedHeaders cookie'])
  broker.stop()
  const token = { name: 'a', secretFile: '/nowhere/at-all' }
  await t.rejects(createBrokerWith(addon, { auth: { tokens: [token] } }), { code: 'ERR_CONFIG', message: /auth\.tokens\[0\]\.secretFile/ })
  t.equal(addon.engines.length, 1)
})

test('a failed bind in words', async (t) => {
  const addon = new FakeAddon()
  addon.failure = Object.assign(new Error('bind'), { code: 'EADDRINUSE', address: '::1', port: 8001 })
  await t.rejects(createBrokerWith(addon), {
    name: 'ListenError', code: 'EADDRINUSE', address: '::1', port: 8001, cause: addon.failure,
    message: 'cannot listen on [::1]:8001 (publish.port, --publish-port): address already in use (EADDRINUSE)',
  })
})

test('any other failure as it is', async (t) => {
  const addon = new FakeAddon()
  addon.failure = new Error('no memory')
  await t.rejects(createBrokerWith(addon), addon.failure)
})

const freePorts = { publish: { port: 0 }, subscribe: { port: 0 } }

test('the real engine: publish, events, counters, close', async (t) => {
  const broker = await createBroker({ ...freePorts, timeouts: { drainMs: 0 } })
  t.teardown(() => broker.stop())
  const port = broker.listeners.find(({ protocol }) => protocol === 'websocket-subscribe')?.port
  const connected = new Promise<ConnectionEvent>((resolve) => broker.once('connection', resolve))
  const disconnected = new Promise<DisconnectEvent>((resolve) => broker.once('disconnect', resolve))
  const socket = new WebSocket(`ws://127.0.0.1:${port}/?topic=a&topic=b`)
  await once(socket, 'open')
  t.match(await connected, { type: 'connection', protocol: 'websocket-subscribe', topics: ['a', 'b'] })
  const messages: [Buffer, boolean][] = []
  const both = new Promise<void>((resolve) => socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (messages.push([data, isBinary]) === 2) resolve()
  }))
  t.equal(broker.publish('a', 'text'), 0)
  t.equal(broker.publish('b', new Uint8Array([0, 255])), 0)
  await both
  messages.sort(([, first], [, second]) => Number(first) - Number(second)) // two topics have no order between them
  t.strictSame(messages, [[Buffer.from('text'), false], [Buffer.from([0, 255]), true]])
  t.match(broker.topicStats().map(({ topic, subscribers, published }) => [topic, subscribers, published]).sort(), [['a', 1, 1], ['b', 1, 1]])
  t.equal(typeof Object.values(broker.stats())[0], 'number')
  const closed = once(socket, 'close')
  t.equal(await broker.close(), true)
  t.equal((await closed)[0], 1001)
  t.match(await disconnected, { code: 1001 })
})

test('the real engine: refusals of publish', async (t) => {
  const broker = await createBroker({ ...freePorts, limits: { messageBytesMax: 10 } })
  t.teardown(() => broker.stop())
  t.throws(() => broker.publish('', 'x'), { code: 'ERR_TOPIC' })
  t.throws(() => broker.publish('a\n', 'x'), { code: 'ERR_TOPIC' })
  t.throws(() => broker.publish('a', 'x'.repeat(11)), { code: 'ERR_MESSAGE_BYTES' })
  t.equal(broker.publish('a', 'x'.repeat(10)), 0)
})

test('the real engine: a port in use', async (t) => {
  const first = await createBroker(freePorts)
  t.teardown(() => first.stop())
  const port = first.listeners[0]?.port ?? 0
  await t.rejects(createBroker({ ...freePorts, publish: { port } }), {
    code: 'EADDRINUSE', message: `cannot listen on 127.0.0.1:${port} (publish.port, --publish-port): address already in use (EADDRINUSE)`,
  })
})

test('the real engine: all hosts share the port that was picked', async (t) => {
  const broker = await createBroker(freePorts)
  t.teardown(() => broker.stop())
  for (const protocol of ['websocket-publish', 'websocket-subscribe']) {
    const ports = new Set(broker.listeners.filter((listener) => listener.protocol === protocol).map(({ port }) => port))
    t.equal(ports.size, 1)
    t.notOk(ports.has(0))
  }
})

test('an open API without a token starts nothing', async (t) => {
  const addon = new FakeAddon()
  await t.rejects(createBrokerWith(addon, { api: { hosts: ['0.0.0.0'], port: 0 } }), {
    code: 'ERR_CONFIG', message: 'api.token must be set when api.hosts has an address that is not a loopback (0.0.0.0), got: null',
  })
  t.equal(addon.engines.length, 0)
})

test('the API and a Pusher app on free ports, gone with the broker', async (t) => {
  const app = { id: 'a', key: 'key-a', secret: 'a-secret' }
  const broker = await createBroker({ ...freePorts, api: { port: 0 }, pusher: { port: 0, apps: [app] }, timeouts: { drainMs: 0 } })
  t.teardown(() => broker.stop())
  const apiUrl = `http://127.0.0.1:${broker.api[0]?.port}`
  t.equal((await fetch(`${apiUrl}/live`)).status, 200)
  t.equal((await fetch(`${apiUrl}/topics/news`, { method: 'POST', body: 'hello' })).status, 200)
  t.match(await (await fetch(`${apiUrl}/topics/news`)).json(), { topic: 'news', published: 1 })
  t.equal((await fetch(`${apiUrl}/topics/other`)).status, 404)
  const pusherPort = broker.listeners.find(({ protocol }) => protocol === 'pusher')?.port
  t.equal((await fetch(`http://127.0.0.1:${pusherPort}/apps/a/channels`)).status, 401)
  t.equal(await broker.close(), true)
  await t.rejects(fetch(`${apiUrl}/live`))
})

test('an API that cannot listen leaves nothing running', async (t) => {
  const addon = new FakeAddon()
  const taken = await createBroker({ ...freePorts, api: { port: 0, hosts: ['127.0.0.1'] } })
  t.teardown(() => taken.stop())
  const port = taken.api[0]?.port ?? 0
  await t.rejects(createBrokerWith(addon, { api: { port, hosts: ['127.0.0.1'] } }), { name: 'ListenError', code: 'EADDRINUSE', port })
  t.strictSame(addon.engines.map(({ calls }) => calls), [['stop']])
})
