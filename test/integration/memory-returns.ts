/**
 * After an attack the process has as much memory as before: what was needed for it is given back, though somebody who came when it was
 * at its height stays, whose few bytes lie above all of it in malloc's heap.
 *
 * What each shows, in MiB before, at most and in the end, of commit 26cebff, where logs were malloc's and nothing was trimmed, and of this one:
 *
 *     large messages   125, 505, 175   130, 370, 132
 *     tiny messages    125, 424, 237   124, 332, 127   their frames' marks too
 *     many topics      189, 453, 417   131, 298, 142
 *     topics           125, 192, 171   121, 146, 124
 *     half-sent heads  108, 135, 135   107, 135, 102
 *     gRPC streams     102, 134, 128   106, 134,  99
 *     Pusher sessions  104, 118, 114   109, 118, 118   passes with both: most of it is JavaScript's; it shows that none leaks
 */

import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { test, type Test } from 'tap'
import { startBroker, type BrokerProcess } from '../support/broker-process.js'
import { frame, opcodes } from './support/frames.js'
import { emptyMessage, flags, frame as http2Frame, preface, request, types } from './support/http2-frames.js'
import { metricOf } from './support/metric.js'
import { residentBytes } from './support/proc.js'
import { openRaw, RawClient } from './support/raw-client.js'

const MiB = 2 ** 20
/** Large beside the rest of the process, and beside the 64 segments that are files and were given back at all times. */
const logBytesMax = 256 * MiB
/** Memory is given back within two looks, five seconds apart; on a loaded machine later. */
const returnMs = 90_000
const app = { id: 'app', key: 'app-key', secret: 'app-secret-1' }

/** Waits until a number of the broker's is as wanted. */
async function until(broker: BrokerProcess, metric: string, isAsWanted: (value: number) => boolean): Promise<void> {
  const end = performance.now() + returnMs
  for (let value = NaN; !isAsWanted(value); await pause(20)) {
    value = await metricOf(broker, metric)
    if (performance.now() > end) throw new Error(`${metric} is still ${value}`)
  }
}

async function openMany(t: Test, port: number, paths: readonly string[]): Promise<RawClient[]> {
  const clients: RawClient[] = []
  for (let at = 0; at < paths.length; at += 50) clients.push(...await Promise.all(paths.slice(at, at + 50).map((path) => openRaw(t, port, path))))
  return clients
}

/** Ends them, when one more has come who stays, and waits until the broker has seen it. */
async function leave(t: Test, broker: BrokerProcess, clients: readonly RawClient[]): Promise<void> {
  const topic = `/stays-${performance.now()}`
  await openRaw(t, broker.subscribePort, topic)
  for (const { socket } of clients) socket.destroy()
  await until(broker, 'broker_connections', (count) => count <= 2) // one of each time
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `/memory-${at}`)
}

/** A stuck subscriber on each topic, and as many bytes for each as fill the logs and more. */
async function stuck(t: Test, broker: BrokerProcess, messageBytes: number, topics: number, bytes: number): Promise<void> {
  const paths = names(topics)
  const subscribers = await openMany(t, broker.subscribePort, paths)
  for (const { socket } of subscribers) socket.pause()
  const publishers = await openMany(t, broker.publishPort, paths)
  const message = frame({ opcode: opcodes.binary, payload: Buffer.alloc(messageBytes) })
  const chunk = Buffer.concat(Array.from({ length: Math.ceil(65_536 / message.length) }, () => message))
  const before = await metricOf(broker, 'broker_publications_total')
  await Promise.all(publishers.map(async ({ socket }) => {
    for (let left = bytes / topics; left > 0; left -= chunk.length) if (!socket.write(chunk)) await once(socket, 'drain')
  }))
  const publications = topics * Math.ceil(bytes / topics / chunk.length) * (chunk.length / message.length)
  await until(broker, 'broker_publications_total', (count) => count >= before + publications)
  await leave(t, broker, [...subscribers, ...publishers])
}

/** Many topics of one connection each time, published to. */
async function manyTopics(t: Test, broker: BrokerProcess, count: number): Promise<void> {
  const perConnection = 64
  const paths = Array.from({ length: Math.ceil(count / perConnection) }, (_, at) =>
    `/?${Array.from({ length: perConnection }, (_each, number) => `topic=t-${at}-${number}`).join('&')}`)
  const clients = await openMany(t, broker.subscribePort, paths)
  await until(broker, 'broker_topics', (now) => now >= count)
  await leave(t, broker, clients)
}

/** Each with all but the end of a request's head. */
async function halfHeads(t: Test, broker: BrokerProcess, count: number): Promise<void> {
  const head = `GET /${'t'.repeat(100)} HTTP/1.1\r\nHost: h\r\nCookie: ${'c'.repeat(7500)}`
  const before = await metricOf(broker, 'broker_bytes_received_total')
  const clients: RawClient[] = []
  for (let at = 0; at < count; at += 100) {
    for (let each = 0; each < 100; each += 1) {
      const client = new RawClient(t, { host: '127.0.0.1', port: broker.publishPort })
      client.write(head)
      clients.push(client)
    }
    await until(broker, 'broker_bytes_received_total', (bytes) => bytes >= before + clients.length * head.length)
  }
  await leave(t, broker, clients)
}

/** Each with many subscriptions, and others with half a message each. */
async function grpcStreams(t: Test, broker: BrokerProcess, count: number): Promise<void> {
  const open = () => {
    const client = new RawClient(t, { host: '127.0.0.1', port: broker.grpcPort })
    client.write(preface())
    return client
  }
  const perConnection = 5000
  const subscribers = Array.from({ length: count / perConnection }, open)
  for (const client of subscribers) {
    for (let at = 0; at < perConnection; at += 1) {
      const stream = 2 * at + 1
      client.write(request(stream, '/MessageService/Subscribe'))
      client.write(http2Frame(types.data, flags.endStream, stream, emptyMessage))
    }
  }
  await until(broker, 'broker_subscriptions', (now) => now >= count)
  const halves = Array.from({ length: count / 50 }, open)
  const head = Buffer.from([0, 0, 0, 0xff, 0xff])
  for (const half of halves) {
    half.write(request(1, '/MessageService/Publish'))
    half.write(http2Frame(types.data, 0, 1, Buffer.concat([head, Buffer.alloc(16_000)])))
    half.write(http2Frame(types.data, 0, 1, Buffer.alloc(16_000)))
  }
  await until(broker, 'broker_stream_buffer_bytes', (now) => now >= halves.length * 32_000)
  await leave(t, broker, [...subscribers, ...halves])
}

/** Each in a channel of its own. */
async function pusherSessions(t: Test, broker: BrokerProcess, count: number): Promise<void> {
  const clients = await openMany(t, broker.pusherPort, Array.from({ length: count }, () => `/app/${app.key}?protocol=7`))
  for (const [at, client] of clients.entries()) {
    client.write(frame({ opcode: opcodes.text, payload: JSON.stringify({ event: 'pusher:subscribe', data: { channel: `channel-${at}` } }) }))
  }
  await until(broker, 'broker_subscriptions', (now) => now >= count)
  await leave(t, broker, clients)
}

type Attack = (t: Test, broker: BrokerProcess, share: number) => Promise<void>

/** `share`: of the attack's full size. */
const attacks: readonly (readonly [name: string, attack: Attack])[] = [
  ['stuck subscribers, large messages', (t, broker, share) => stuck(t, broker, 60_000, 16, 2 * logBytesMax * share)],
  ['stuck subscribers, tiny messages', (t, broker, share) => stuck(t, broker, 20, 16, logBytesMax * share)],
  ['stuck subscribers of many topics', (t, broker, share) => stuck(t, broker, 1000, 1000 * share, logBytesMax * share)],
  ['topics', (t, broker, share) => manyTopics(t, broker, 32_000 * share)],
  ['half-sent heads', (t, broker, share) => halfHeads(t, broker, 4000 * share)],
  ['gRPC streams', (t, broker, share) => grpcStreams(t, broker, 40_000 * share)],
  ['Pusher sessions', (t, broker, share) => pusherSessions(t, broker, 2000 * share)],
]

async function start(t: Test): Promise<BrokerProcess> {
  const file = join(t.testdir({ 'broker.json': JSON.stringify({ slowPolicy: 'drop-oldest', limits: { logBytesMax }, pusher: { apps: [app] } }) }), 'broker.json')
  // V8's young generation grows with what is allocated, and stays: little of it, so that it is the engine's memory that is measured.
  return startBroker(t, { args: ['--config', file], env: { NODE_OPTIONS: '--max-semi-space-size=1' } })
}

for (const [name, attack] of attacks) {
  test(name, { timeout: 240_000 }, async (t) => {
    const broker = await start(t)
    const pid = broker.process.pid ?? 0
    // What the first of anything costs is no attack's: code that is compiled, tables that exist from then on.
    await attack(t, broker, 1 / 8)
    await pause(0)
    const before = residentBytes(pid)
    let most = before
    const watch = setInterval(() => { most = Math.max(most, residentBytes(pid)) }, 20)
    await attack(t, broker, 1)
    const after = residentBytes(pid)
    clearInterval(watch)
    t.ok(most <= before + logBytesMax * 21 / 16 + 48 * MiB, `logs take no more than they count: ${most / MiB} MiB of ${before / MiB} before`)
    const end = performance.now() + returnMs
    while (residentBytes(pid) > before * 1.1 && performance.now() < end) await pause(100)
    const figures = [before, most, after, residentBytes(pid)].map((bytes) => Math.round(bytes / MiB)).join(', ')
    t.ok(residentBytes(pid) <= before * 1.1, `MiB before, at most, after, in the end: ${figures}`)
    t.comment(`MiB before, at most, after, in the end: ${figures}`)
    await broker.stop()
  })
}
