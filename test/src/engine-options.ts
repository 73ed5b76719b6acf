import { test } from 'tap'
import { parseOptions } from '../../src/config/parse.js'
import type { BrokerOptions } from '../../src/config/schema.js'
import { resolveEngineOptions, type Machine } from '../../src/engine-options.js'

const machine: Machine = { openFilesMax: 1024, cores: 4, uring: false, resolve: async () => ['10.0.0.7'] }

function resolve(options: BrokerOptions, changes: Partial<Machine> = {}) {
  return resolveEngineOptions(parseOptions(options), { ...machine, ...changes })
}

test('what follows from the machine', async (t) => {
  const options = await resolve({})
  t.match(options, { shards: 3, cpus: null, reusePort: false, limits: { connectionsMax: 896, connectionsPerAddressMax: 896 } })
  t.strictSame(options.timeouts, { handshakeMs: 10_000, pingIntervalMs: 30_000, pongMs: 10_000, closeMs: 5000 })
  t.equal((await resolve({}, { cores: 1 })).shards, 1)
  t.equal((await resolve({}, { cores: 192 })).shards, 64)
  t.equal((await resolve({ shards: 64 })).limits.connectionsMax, 1024 - 352, 'shards need files of their own')
  t.equal((await resolve({}, { openFilesMax: 2 ** 30 })).limits.connectionsMax, 10_000_000)
})

test('no value is left open', async (t) => {
  t.notOk(JSON.stringify(await resolve({}), (_key, value: unknown) => value === undefined ? 'OPEN' : value).includes('OPEN'))
})

test('connections must fit the limit of open files', async (t) => {
  t.equal((await resolve({ limits: { connectionsMax: 896 } })).limits.connectionsMax, 896)
  await t.rejects(resolve({ limits: { connectionsMax: 897 } }), {
    code: 'ERR_CONFIG', message: 'limits.connectionsMax must be 1..896 (1024 open files less 128 in reserve), got: 897',
  })
  await t.rejects(resolve({}, { openFilesMax: 64 }), {
    message: 'limits.connectionsMax needs a limit of open files above 128, which is 64 now, got: nothing',
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
    { protocol: 'websocket-publish', address: '127.0.0.1', port: 0, optional: false },
    { protocol: 'websocket-publish', address: '::1', port: 0, optional: true },
    { protocol: 'websocket-subscribe', address: '127.0.0.1', port: 8002, optional: false },
    { protocol: 'websocket-subscribe', address: '::1', port: 8002, optional: true },
  ])
})

test('io is what the system allows, or an error that says so', async (t) => {
  t.equal((await resolve({})).io, 'epoll')
  t.equal((await resolve({}, { uring: true })).io, 'uring')
  t.equal((await resolve({ io: 'epoll' }, { uring: true })).io, 'epoll')
  await t.rejects(resolve({ io: 'uring' }), {
    message: 'io must be auto or epoll (this system does not allow io_uring), got: uring',
  })
})

test('gRPC listens when it is asked for; its limits are always there', async (t) => {
  const limits = { streamsPerConnectionMax: 7, streamsMax: 1_000_000, bufferBytesPerConnectionMax: 8_388_608, bufferBytesMax: 268_435_456 }
  const options = await resolve({ grpc: { streamsPerConnectionMax: 7 } })
  t.strictSame(options.listeners.slice(-2), [
    { protocol: 'grpc', address: '127.0.0.1', port: 50_051, optional: false },
    { protocol: 'grpc', address: '::1', port: 50_051, optional: true },
  ])
  t.strictSame(options.grpc, limits)
  const without = await resolve({})
  t.notOk(without.listeners.some(({ protocol }) => protocol === 'grpc'))
  t.strictSame(without.grpc, { ...limits, streamsPerConnectionMax: 100_000 })
})
