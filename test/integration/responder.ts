/** The responder over real sockets: framings, replies, Unix sockets, clients that do not read, the end. */

import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { loadAddon } from '../../src/native/load.js'
import { createBroker, type Broker, type BrokerOptions } from '../../src/index.js'
import { eventually } from './support/eventually.js'
import { startBroker } from '../support/broker-process.js'
import { StreamClient } from './support/stream-client.js'

interface Test {
  teardown(task: () => unknown): void
}

const hosts = ['127.0.0.1']
const anyPort = { publish: { hosts, port: 0 }, subscribe: { hosts, port: 0 } }
const tcp = 'tcp://127.0.0.1:0'

async function start(t: Test, responder: NonNullable<BrokerOptions['responder']>, more: BrokerOptions = {}): Promise<Broker> {
  const broker = await createBroker({ ...anyPort, ...more, responder })
  t.teardown(() => broker.stop())
  return broker
}

/** Not the test's own folder: a socket's path has 107 bytes at most. */
function socketPath(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'broker-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return join(folder, 'broker.sock')
}

function portOf(broker: Broker): number {
  return broker.listeners.find(({ protocol, port }) => protocol.startsWith('responder') && port > 0)?.port ?? 0
}

function connect(t: Test, broker: Broker): StreamClient {
  return new StreamClient(t, { host: '127.0.0.1', port: portOf(broker) })
}

test('raw: each chunk is answered with the text', async (t) => {
  const broker = await start(t, { listen: [tcp] })
  const client = connect(t, broker)
  t.equal(await client.ask('hola', 'respuesta'), 'respuesta')
  t.equal(await client.ask('a\nb\n', 'respuesta'), 'respuesta')
  t.match(broker.stats(), { requests: 2, bytes_sent: 18 })
})

test('line: pipelined, cut anywhere, with either end of line', async (t) => {
  const broker = await start(t, { listen: [tcp], framing: 'line', reply: 'echo' })
  const client = connect(t, broker)
  t.equal(await client.ask('one\r\ntwo\nthr', 'one\r\ntwo\n'), 'one\r\ntwo\n')
  t.equal(await client.ask('ee\n', 'three\n'), 'three\n')
  const many = Array.from({ length: 20_000 }, (_, at) => `request ${at}\n`).join('')
  t.equal(await client.ask(many, many), many)
})

test('line: 64 KiB are the limit', async (t) => {
  const broker = await start(t, { listen: [tcp], framing: 'line' })
  const client = connect(t, broker)
  t.equal(await client.ask(`${'x'.repeat(65_536)}\n`, 'respuesta\n'), 'respuesta\n')
  client.socket.write(`first\n${'x'.repeat(65_537)}`)
  await client.end()
  t.equal(client.received, 'respuesta\n'.repeat(2))
  t.equal(client.failed, null, 'an orderly end')
  t.equal(broker.stats()['protocol_errors'], 1)
})

test('last: what was published to the topic that is asked for', async (t) => {
  const broker = await start(t, { listen: [tcp], framing: 'line', reply: 'last', missing: '?' })
  broker.publish('prices/eur', '1.07')
  broker.publish('prices/eur', '1.08')
  broker.publish('long', 'a\nb')
  const client = connect(t, broker)
  t.equal(await client.ask('prices/eur\nnever\r\nlong\n', '1.08\n?\n?\n'), '1.08\n?\n?\n')
  t.match(broker.stats(), { requests: 3, requests_missed: 2, last_values_now: 2, last_bytes_now: 7 })
})

test('last: only topics that are to be retained, within the bound', async (t) => {
  const broker = await start(t, { listen: [tcp], reply: 'last' }, { retain: { topics: ['keep/*'], topicsMax: 2 } })
  for (const topic of ['keep/a', 'other', 'keep/b', 'keep/c']) broker.publish(topic, `of ${topic}`)
  const client = connect(t, broker)
  t.equal(await client.ask('keep/c', 'of keep/c'), 'of keep/c')
  t.equal(await client.ask('keep/b', 'of keep/b'), 'of keep/b')
  t.equal(await client.ask('keep/a', 'none'), 'none', 'published to longest ago')
  t.equal(await client.ask('other', 'none'), 'none')
})

test('a client that does not read is not read, and hinders nobody', async (t) => {
  const broker = await start(t, { listen: [tcp], reply: 'echo' })
  const slow = connect(t, broker)
  slow.socket.pause()
  const chunk = 'e'.repeat(64 * 1024)
  let sent = 0
  while (slow.socket.writableLength < 1024 * 1024) {
    slow.socket.write(chunk)
    sent += chunk.length
    await new Promise((resolve) => setImmediate(resolve))
  }
  await eventually('the kernel refuses', () => (broker.stats()['writes_refused'] ?? 0) > 0)
  t.equal(await connect(t, broker).ask('quick', 'quick'), 'quick')
  slow.socket.resume()
  await slow.has(sent)
  t.equal(slow.received.length, sent)
})

test('a Unix socket: made with its mode, shared by no one, gone at the end', async (t) => {
  const path = socketPath(t)
  const broker = await start(t, { listen: [`unix:${path}`, tcp], mode: '0600' })
  t.match(broker.listeners, [{}, {}, { protocol: 'responder-raw', address: `unix:${path}`, port: 0 }, { address: '127.0.0.1' }])
  t.equal(statSync(path).mode & 0o777, 0o600)
  const client = new StreamClient(t, { path })
  t.equal(await client.ask('hola', 'respuesta'), 'respuesta')
  await t.rejects(createBroker({ ...anyPort, responder: { listen: [`unix:${path}`] } }), {
    code: 'EADDRINUSE', message: `cannot listen on unix:${path} (responder.listen, --responder): address already in use (EADDRINUSE)`,
  })
  t.equal(await client.ask('still', 'respuesta'), 'respuesta')
  client.socket.end()
  t.equal(await broker.close({ drainMs: 500 }), true)
  t.notOk(existsSync(path))
})

test('each Unix socket has the mode of its own listener', async (t) => {
  const { options } = await start(t, { listen: [`unix:${socketPath(t)}`] })
  const listener = options.listeners.at(-1)
  if (listener === undefined) throw new Error('the engine has a listener')
  t.equal(listener.socketMode, 0o660)
  const modes = new Map([0o666, 0o640].map((socketMode) => [socketPath(t), socketMode]))
  const listeners = [...modes].map(([path, socketMode]) => ({ ...listener, address: `unix:${path}`, socketMode }))
  const engine = loadAddon().createEngine({ ...options, listeners, tls: [] }, () => {})
  t.teardown(() => engine.stop())
  for (const [path, mode] of modes) t.equal(statSync(path).mode & 0o777, mode)
})

test('a Unix socket that a killed broker left is taken over; any other file is not', async (t) => {
  const path = socketPath(t)
  const killed = await startBroker(t, { args: ['--responder', `unix:${path}`] })
  await killed.stop('SIGKILL')
  t.ok(existsSync(path))
  await start(t, { listen: [`unix:${path}`] })
  t.equal(await new StreamClient(t, { path }).ask('hola', 'respuesta'), 'respuesta')
  const file = path.replace('broker.sock', 'file')
  writeFileSync(file, 'mine')
  await t.rejects(createBroker({ ...anyPort, responder: { listen: [`unix:${file}`] } }), { code: 'EADDRINUSE' })
  t.ok(existsSync(file))
})

test('local clients are not counted by address', async (t) => {
  const path = socketPath(t)
  const broker = await start(t, { listen: [`unix:${path}`, tcp] }, { limits: { connectionsPerAddressMax: 1, connectionsMax: 4 } })
  for (const client of Array.from({ length: 3 }, () => new StreamClient(t, { path }))) {
    t.equal(await client.ask('x', 'respuesta'), 'respuesta')
  }
  t.equal(await connect(t, broker).ask('x', 'respuesta'), 'respuesta')
  const fifth = connect(t, broker)
  await fifth.end()
  t.equal(fifth.received, '')
  t.equal(broker.stats()['connections_refused'], 1)
})

test('silence ends a connection', async (t) => {
  const broker = await start(t, { listen: [tcp], idleMs: 50 })
  const client = connect(t, broker)
  t.equal(await client.ask('x', 'respuesta'), 'respuesta')
  await client.end()
  t.equal(client.failed, null)
})

test('drain answers what was asked and ends every stream', async (t) => {
  const broker = await start(t, { listen: [tcp], framing: 'line' })
  const clients = Array.from({ length: 5 }, () => connect(t, broker))
  await Promise.all(clients.map((client) => client.ask('x\n', 'respuesta\n')))
  for (const client of clients) client.socket.once('end', () => client.socket.end())
  const closed = broker.close({ drainMs: 400 })
  await Promise.all(clients.map((client) => client.end()))
  t.equal(await closed, true)
  t.strictSame(clients.map(({ failed }) => failed), [null, null, null, null, null])
})

test('a port in use is an error, and nothing is left of the path', async (t) => {
  const path = socketPath(t)
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as { port: number }
  await t.rejects(createBroker({ ...anyPort, responder: { listen: [`unix:${path}`, `tcp://127.0.0.1:${port}`] } }), { code: 'EADDRINUSE' })
  t.notOk(existsSync(path))
})

test('what the system refuses is told, and the broker goes on without', async (t) => {
  const broker = await start(t, { listen: [tcp] }, { cpus: [1023] })
  t.strictSame(broker.tuning, [{ name: 'cpus', code: 'EINVAL' }])
  t.equal(await connect(t, broker).ask('x', 'respuesta'), 'respuesta')
  const none = await start(t, { listen: [tcp] })
  t.strictSame(none.tuning, [], 'nothing was asked for')
})

test('the command says where, and what came of the profile', async (t) => {
  const path = socketPath(t)
  const args = ['--responder', '0', `unix:${path}`, '--profile', 'latency', '--set', 'latency.realTime=true', '--set', 'latency.lockMemory=true']
  const broker = await startBroker(t, { args, env: { BROKER_RESPONDER_TEXT: 'hello' } })
  const lines = broker.log.filter((line) => line['role'] === 'responder')
  t.match(lines[0]?.msg, /^listening on tcp:\/\/127\.0\.0\.1:\d+ \(responder\)$/)
  t.equal(lines.at(-1)?.msg, `listening on unix:${path} (responder)`)
  const applied = / applied$| not applied, no CPU is left over$| not permitted \(E[A-Z]+\), it needs /
  const tunings = broker.log.filter(({ event }) => event === 'tuning')
  t.strictSame(tunings.filter((line) => line['tuning'] !== 'cpus').map((line) => line['tuning']), ['spin', 'real-time', 'memory'])
  for (const { msg } of tunings) t.match(msg, applied)
  t.equal(tunings[0]?.msg, 'latency: spinning before sleep (50 µs): applied')
  const client = new StreamClient(t, { path })
  t.equal(await client.ask('x', 'hello'), 'hello')
  client.socket.end()
  t.match(await broker.stop(), { code: 0 })
  t.notOk(existsSync(path))
})
