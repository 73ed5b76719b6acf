import { test } from 'tap'
import { parseOptions } from '../../../src/config/parse.js'
import type { BrokerOptions } from '../../../src/config/schema.js'
import { resolveEngineOptions } from '../../../src/engine/engine-options.js'
import { noPages } from '../../../src/engine/hosts.js'
import type { Machine } from '../../../src/machine/machine.js'

const plain = { ...noPages, proxyProtocol: false, socketMode: null, asks: false, tls: null }
const GiB = 2 ** 30
const MiB = 2 ** 20
const machine: Machine = {
  openFilesMax: 1024, cores: 4, cpus: [0, 1, 2, 3], memoryBytes: 64 * GiB, limits: { memoryBytes: null, cpus: null }, uring: () => false,
  resolve: async () => ['10.0.0.7'],
}

function resolve(options: BrokerOptions, changes: Partial<Machine> = {}) {
  return resolveEngineOptions(parseOptions(options), { ...machine, ...changes })
}

test('what follows from the machine', async (t) => {
  const options = await resolve({})
  t.match(options, { shards: 3, cpus: null, reusePort: false, limits: { connectionsMax: 872, connectionsPerAddressMax: 872 } })
  t.strictSame(options.timeouts, { handshakeMs: 10_000, keepAliveMs: 75_000, messageMs: 30_000, pingIntervalMs: 30_000, pongMs: 10_000, closeMs: 5000 })
  t.equal((await resolve({}, { cores: 1 })).shards, 1)
  t.equal((await resolve({}, { cores: 192 })).shards, 64)
  t.equal((await resolve({ shards: 64 })).limits.connectionsMax, 1024 - 396, 'shards need files of their own')
  t.equal((await resolve({}, { openFilesMax: 2 ** 30, memoryBytes: 2 ** 40 })).limits.connectionsMax, 10_000_000)
})

test('what follows from much memory', async (t) => {
  const { limits, grpc, retain } = await resolve({})
  t.match(limits, { topicsMax: 100_000, logBytesMax: 256 * MiB, receiveBufferBytesMax: 256 * MiB, sendBufferBytes: 65_536 })
  t.match(grpc, { streamsMax: 1_000_000, bufferBytesMax: 256 * MiB })
  t.match(retain, { bytesMax: 64 * MiB })
})

test('what follows from little memory', async (t) => {
  const { limits, grpc, retain } = await resolve({}, { memoryBytes: 256 * MiB, openFilesMax: 2 ** 20 })
  t.match(limits, { connectionsMax: 8448, topicsMax: 11_264, logBytesMax: 44 * MiB, receiveBufferBytesMax: 11 * MiB, sendBufferBytes: 16 * 1024 })
  t.match(grpc, { streamsMax: 22_528, bufferBytesMax: 11 * MiB })
  t.match(retain, { bytesMax: 11 * MiB })
})

test('what is configured stands, whatever the memory', async (t) => {
  const options = await resolve({
    limits: { connectionsMax: 50_000, topicsMax: 70_000, logBytesMax: '1GiB', sendBufferBytes: '1MiB' },
    grpc: { streamsMax: 80_000, bufferBytesMax: '2GiB' }, retain: { bytesMax: '3GiB' },
  }, { memoryBytes: 64 * MiB, openFilesMax: 2 ** 20 })
  t.match(options.limits, { connectionsMax: 50_000, topicsMax: 70_000, logBytesMax: GiB, sendBufferBytes: MiB })
  t.match(options.grpc, { streamsMax: 80_000, bufferBytesMax: 2 * GiB })
  t.match(options.retain, { bytesMax: 3 * GiB })
})

test('what is not configured has room for what is', async (t) => {
  const little = { memoryBytes: 64 * MiB }
  const messages = { messageBytesMax: '4MiB' }
  const rules = [{ topics: '*', bytesBehindMax: '1GiB' }]
  const plain = await resolve({ limits: messages, slowConsumers: rules, subscribe: null }, little)
  t.equal(plain.limits.logBytesMax, 16 * MiB)
  t.equal(plain.limits.receiveBufferBytesMax, 8 * MiB)
  t.equal(plain.retain.bytesMax, 16 * MiB)
  const events = await resolve({ limits: messages, slowConsumers: rules }, little)
  t.equal(events.limits.logBytesMax, 2 * (6 * 4 * MiB + 4096), 'as server-sent events a message can be six times as long')
  const frames = await resolve({ limits: messages, slowConsumers: rules, grpc: {} }, little)
  t.equal(frames.limits.logBytesMax, 2 * (6 * 4 * MiB + 4096), 'as JSON a message can be six times as long')
  t.equal((await resolve({ grpc: { bufferBytesPerConnectionMax: '64MiB' } }, little)).grpc.bufferBytesMax, 64 * MiB)
})

test('the longest message needs no other key', async (t) => {
  const app = { id: 'a', key: 'k', secret: 'secret-of-a' }
  const longest = { limits: { messageBytesMax: '16MiB' } }
  for (const others of [{ subscribe: null }, {}, { grpc: {} }, { pusher: { apps: [app] } }, { grpc: {}, pusher: { apps: [app] }, retain: { topics: ['*'] } }]) {
    const growth = 'pusher' in others && 'grpc' in others ? 7 : 'subscribe' in others ? 2 : 6
    const rooms = growth === 2 ? 64 * MiB : 2 * (growth * 16 * MiB + 4096)
    const options = await resolve({ ...longest, ...others, slowConsumers: [{ topics: 'a', policy: 'latest' }] }, { memoryBytes: 64 * MiB })
    t.equal(options.limits.logBytesMax, rooms)
    t.strictSame(options.slowConsumers.map(({ bytesBehindMax }) => bytesBehindMax), [rooms, rooms])
    t.equal(options.limits.receiveBufferBytesMax, 32 * MiB)
    t.equal(options.grpc.bufferBytesPerConnectionMax, 16 * MiB + 5)
    t.equal(options.grpc.bufferBytesMax, 16 * MiB + 5)
    t.equal(options.retain.bytesMax, 64 * MiB)
  }
  const { grpc } = await resolve({ grpc: { bufferBytesMax: '2MiB' } })
  t.match(grpc, { bufferBytesPerConnectionMax: 2 * MiB, bufferBytesMax: 2 * MiB })
})

test('no value is left open', async (t) => {
  t.notOk(JSON.stringify(await resolve({}), (_key, value: unknown) => value === undefined ? 'OPEN' : value).includes('OPEN'))
})

test('connections must fit the limit of open files', async (t) => {
  t.equal((await resolve({ limits: { connectionsMax: 872 } })).limits.connectionsMax, 872)
  await t.rejects(resolve({ limits: { connectionsMax: 873 } }), {
    code: 'ERR_CONFIG', message: 'limits.connectionsMax must be 1..872 (1024 open files less 152 in reserve), got: 873',
  })
  await t.rejects(resolve({}, { openFilesMax: 64 }), {
    message: 'limits.connectionsMax needs a limit of open files above 152, which is 64 now, got: nothing',
  })
  const { limits } = await resolve({ limits: { connectionsMax: 5, connectionsPerAddressMax: 50 } })
  t.equal(limits.connectionsPerAddressMax, 5)
})

test('the last rule for slow consumers is for everything', async (t) => {
  const standard = { topics: '*', policy: 'disconnect', bytesBehindMax: 16_777_216, ageMaxMs: 10_000 }
  t.strictSame((await resolve({})).slowConsumers, [standard])
  t.strictSame((await resolve({ slowPolicy: 'latest' })).slowConsumers, [{ ...standard, policy: 'latest' }])
  t.strictSame((await resolve({ slowConsumers: [{ topics: 'a*', policy: 'latest', ageMaxMs: '1s' }] })).slowConsumers, [
    { ...standard, topics: 'a*', policy: 'latest', ageMaxMs: 1000 }, standard,
  ])
  t.strictSame((await resolve({ slowConsumers: [{ topics: '*', policy: 'drop-oldest' }] })).slowConsumers, [
    { ...standard, policy: 'drop-oldest' },
  ])
})

test('listeners of one protocol follow each other', async (t) => {
  t.strictSame((await resolve({ publish: { port: 0 } })).listeners, [
    { protocol: 'websocket-publish', address: '127.0.0.1', port: 0, optional: false, ...plain },
    { protocol: 'websocket-publish', address: '::1', port: 0, optional: true, ...plain },
    { protocol: 'websocket-subscribe', address: '127.0.0.1', port: 8002, optional: false, ...plain },
    { protocol: 'websocket-subscribe', address: '::1', port: 8002, optional: true, ...plain },
  ])
})

test('with auth, who may do what is asked on the listeners of its protocols', async (t) => {
  const { listeners } = await resolve({ auth: {}, grpc: {}, responder: { listen: [8080] }, pusher: { apps: [{ id: '1', key: 'k', secret: 'secret-of-k' }] } })
  const asking = new Set(listeners.filter(({ asks }) => asks).map(({ protocol }) => protocol))
  t.strictSame(asking, new Set(['websocket-publish', 'websocket-subscribe', 'grpc']))
})

test('a responder that others reach must be meant for them', async (t) => {
  await t.rejects(resolve({ responder: { listen: ['tcp://10.0.0.7:9'] } }), { code: 'ERR_CONFIG', message: /^responder\.allowAnonymous must be true where .*10\.0\.0\.7/ })
  await t.resolves(resolve({ responder: { listen: ['tcp://127.0.0.1:9', 'unix:/run/b.sock'] } }))
})

test('io is what the system allows, or an error that says so', async (t) => {
  t.equal((await resolve({})).io, 'epoll')
  t.equal((await resolve({}, { uring: () => true })).io, 'uring')
  t.equal((await resolve({ io: 'epoll' }, { uring: () => true })).io, 'epoll')
  await t.rejects(resolve({ io: 'uring' }), {
    message: 'io must be auto or epoll (this system does not allow io_uring), got: uring',
  })
})

test('io_uring is not even asked for where io is epoll: a sandbox may kill who asks', async (t) => {
  const uring = () => { throw new Error('asked') }
  t.equal((await resolve({ io: 'epoll' }, { uring })).io, 'epoll')
  await t.rejects(resolve({ io: 'auto' }, { uring }), { message: 'asked' })
})

test('gRPC listens when it is asked for; its limits are always there', async (t) => {
  const limits = { streamsPerConnectionMax: 7, streamsMax: 1_000_000, bufferBytesPerConnectionMax: 8_388_608, bufferBytesMax: 268_435_456 }
  const options = await resolve({ grpc: { streamsPerConnectionMax: 7 } })
  t.strictSame(options.listeners.slice(-2), [
    { protocol: 'grpc', address: '127.0.0.1', port: 50_051, optional: false, ...plain },
    { protocol: 'grpc', address: '::1', port: 50_051, optional: true, ...plain },
  ])
  t.strictSame(options.grpc, limits)
  const without = await resolve({})
  t.notOk(without.listeners.some(({ protocol }) => protocol === 'grpc'))
  t.strictSame(without.grpc, { ...limits, streamsPerConnectionMax: 100_000 })
})

test('a responder listens where it is told, once', async (t) => {
  t.notOk((await resolve({})).listeners.some(({ protocol }) => protocol.startsWith('responder')), 'nowhere unless told')
  const { listeners, responder } = await resolve({ responder: {
    listen: [8080, 'tcp://127.0.0.1:8080', 'unix:/run/b.sock', 'tcp://name:9', 'unix:/run/b.sock'], framing: 'line', mode: '600', allowAnonymous: true,
  } })
  t.strictSame(listeners.slice(-4), [
    { protocol: 'responder-line', address: '127.0.0.1', port: 8080, optional: false, ...plain },
    { protocol: 'responder-line', address: '::1', port: 8080, optional: true, ...plain },
    { protocol: 'responder-line', address: 'unix:/run/b.sock', port: 0, optional: false, ...plain, socketMode: 0o600 },
    { protocol: 'responder-line', address: '10.0.0.7', port: 9, optional: false, ...plain },
  ])
  t.strictSame(responder, { reply: 'fixed', text: 'respuesta', missing: 'none', idleMs: 300_000 })
  const none = async () => { throw Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }) }
  await t.rejects(resolve({ responder: { listen: ['tcp://name:9'] } }, { resolve: none }), {
    message: 'responder.listen must be addresses or names that resolve, got: name (ENOTFOUND)',
  })
})

test('last messages are kept where somebody wants them', async (t) => {
  t.strictSame((await resolve({})).retain, { topics: [], topicsMax: 10_000, bytesMax: 67_108_864 })
  t.strictSame((await resolve({ responder: { listen: [1], reply: 'last' } })).retain.topics, ['*'])
  t.strictSame((await resolve({ retain: { topics: ['a*'] } })).retain.topics, ['a*'])
  t.equal((await resolve({ limits: { topicsMax: 7 } })).retain.topicsMax, 4)
})

test('the latency profile', async (t) => {
  t.strictSame((await resolve({ latency: { spinUs: 5, realTime: true } })).latency, { spinUs: 0, realTime: false, lockMemory: false })
  const options = await resolve({ profile: 'latency', latency: { lockMemory: true } })
  t.match(options, { latency: { spinUs: 50, realTime: false, lockMemory: true }, cpus: [1, 2, 3] })
  t.equal((await resolve({ profile: 'latency', shards: 4 })).cpus, null, 'none is left for everything else')
  t.strictSame((await resolve({ profile: 'latency', cpus: [0] })).cpus, [0])
})

test('which pages may connect, and which names are ours', async (t) => {
  const { listeners } = await resolve({
    publish: { hosts: ['127.0.0.1', 'Broker.Example'] }, subscribe: { origins: ['https://Shop.example', '*'] },
  })
  t.match(listeners.filter(({ protocol }) => protocol === 'websocket-publish'), [
    { address: '127.0.0.1', origins: null, names: ['broker.example'] }, { address: '10.0.0.7', origins: null, names: ['broker.example'] },
  ])
  t.match(listeners.find(({ protocol }) => protocol === 'websocket-subscribe'), { origins: ['https://shop.example', '*'], names: [] })
})

test('the plain listeners can be switched off', async (t) => {
  t.strictSame((await resolve({ publish: null, subscribe: null })).listeners, [])
})

test('topics of apps are reserved unless they are shared', async (t) => {
  const app = { key: 'k', secret: 'secret-secret' }
  const { reservedTopics } = await resolve({ pusher: { apps: [{ id: 'a', ...app }, { id: 'b', ...app, key: 'l', shared: true }] } })
  t.strictSame(reservedTopics, ['pusher/a/'])
  t.strictSame((await resolve({})).reservedTopics, [])
})

test('whose word on addresses is taken, and by what', async (t) => {
  t.strictSame((await resolve({})).proxies, { trusted: [], header: 'x-forwarded-for' })
  const options = await resolve({
    trustedProxies: ['10.0.0.0/8', '::1'], forwardedHeader: 'none', publish: { proxyProtocol: true }, grpc: {}, responder: { listen: ['unix:/run/b.sock'], proxyProtocol: true },
  })
  t.strictSame(options.proxies, { trusted: ['10.0.0.0/8', '::1'], header: 'none' })
  const announced = options.listeners.filter(({ proxyProtocol }) => proxyProtocol).map(({ protocol, address }) => `${protocol} ${address}`)
  t.strictSame(announced, ['websocket-publish 127.0.0.1', 'websocket-publish ::1', 'responder-raw unix:/run/b.sock'])
})

test('histories: rules as they are, sizes by memory', async (t) => {
  t.strictSame((await resolve({})).history, { rules: [], bytesMax: 268_435_456, topicsMax: 25_000 })
  const { history } = await resolve({ history: [{ topics: 'a*' }], historyBytesMax: '2MiB', limits: { topicsMax: 100 } })
  t.strictSame(history, { rules: [{ topics: 'a*', messages: 1000, bytes: 1_048_576, seconds: 300 }], bytesMax: 2_097_152, topicsMax: 25 })
})
