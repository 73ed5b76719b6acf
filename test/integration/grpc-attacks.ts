/**
 * Attacks with raw frames on a running broker: each ends the attacker's connection with a reason, in bounded memory, and nobody
 * else notices. Their exact bounds are tested where they are kept (test/native/codec/http2/http2_attacks_test.cc).
 */

import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { GrpcClient } from './support/grpc-client.js'
import {
  emptyMessage, errors, findGoaway, flags, frame, lastData, preface, request, requestBlock, types, u32, type Goaway,
} from './support/http2-frames.js'
import { RawClient } from './support/raw-client.js'

const subscribePath = '/MessageService/Subscribe'
const publishPath = '/MessageService/Publish'

/** `times` of what `make` makes of 1, 3, 5, … */
function repeat(times: number, make: (stream: number) => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: times }, (_, at) => make(2 * at + 1)))
}

/** Fields that refer to one of 4 kB, and how often: 12,000 × 4 kB, if anybody copied them. */
function bomb(): Buffer {
  const large = Buffer.concat([Buffer.from([0x40, 1]), Buffer.from('x'), Buffer.from([0x7f, 0xa1, 0x1e]), Buffer.alloc(4000, 'x')])
  return Buffer.concat([requestBlock(subscribePath), large, Buffer.alloc(12_000, 0xbe)])
}

const calm = errors.enhanceYourCalm

/** [what it is, the bytes after the preface, what ends the connection]. */
const attacks: readonly (readonly [name: string, bytes: Buffer, end: Goaway])[] = [
  ['rapid reset (CVE-2023-44487)', repeat(3000, (stream) => Buffer.concat([request(stream, subscribePath), frame(types.reset, 0, stream, u32(8))])),
    { error: calm, reason: 'too many streams are reset' }],
  ['resets that we are made to send (CVE-2025-8671)', repeat(3000, (stream) => Buffer.concat([
    request(stream, publishPath), frame(types.windowUpdate, 0, stream, u32(0x7fff_ffff)),
  ])), { error: calm, reason: 'too many streams are reset' }],
  ['continuations without end (CVE-2024-27316)', Buffer.concat([
    frame(types.headers, 0, 1, requestBlock(subscribePath)), repeat(100, () => frame(types.continuation, 0, 1)),
  ]), { error: calm, reason: 'too many continuations' }],
  ['SETTINGS', repeat(5000, () => frame(types.settings, 0, 0)), { error: calm, reason: 'too many frames of no use' }],
  ['PING', repeat(5000, () => frame(types.ping, 0, 0, Buffer.alloc(8))), { error: calm, reason: 'too_many_pings' }],
  ['PRIORITY', repeat(5000, () => frame(types.priority, 0, 1, Buffer.alloc(5))), { error: calm, reason: 'too many frames of no use' }],
  ['empty DATA', Buffer.concat([request(1, publishPath), repeat(5000, () => frame(types.data, 0, 1))]),
    { error: calm, reason: 'too many frames of no use' }],
  ['a window over its bound (CVE-2026-21714)', frame(types.windowUpdate, 0, 0, u32(0x7fff_ffff)),
    { error: errors.flowControl, reason: 'a window over 2,147,483,647 bytes' }],
  ['a stream of the past', Buffer.concat([request(5, subscribePath), request(3, subscribePath)]),
    { error: errors.protocol, reason: 'a stream that was used before' }],
  ['a header block that is none', frame(types.headers, flags.endHeaders, 1, Buffer.from([0x80])),
    { error: errors.compression, reason: 'a header block that is no HPACK' }],
  ['HTTP/1.1', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), { error: errors.protocol, reason: 'this port speaks HTTP/2 with prior knowledge only' }],
]

/** How the broker ends a connection that says this. */
async function endOf(t: { teardown(task: () => unknown): void }, port: number, bytes: Buffer): Promise<Goaway | null> {
  const attacker = new RawClient(t, { host: '127.0.0.1', port })
  attacker.write(bytes)
  return findGoaway(await attacker.rest())
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}

test('each attack ends its connection, with the reason, and nobody else\'s', async (t) => {
  const { grpcPort } = await startBroker(t)
  const bystander = await new GrpcClient(t, grpcPort).subscribe()
  const publisher = new GrpcClient(t, grpcPort)
  for (const [at, [name, bytes, end]] of attacks.entries()) {
    const whole = name === 'HTTP/1.1' ? bytes : Buffer.concat([preface(), bytes])
    t.strictSame(await endOf(t, grpcPort, whole), end, name)
    await publisher.publish({ author: at, data: name })
    await bystander.has(at + 1)
  }
  t.equal(bystander.received.length, attacks.length)
})

test('attackers that come again and again cost no memory', async (t) => {
  const broker = await startBroker(t)
  const { pid = 0 } = broker.process
  const all = (): Promise<unknown> => Promise.all(attacks.map(([, bytes]) => endOf(t, broker.grpcPort, Buffer.concat([preface(), bytes]))))
  for (let round = 0; round < 5; round += 1) await all()
  const before = residentBytes(pid)
  for (let round = 0; round < 20; round += 1) await all()
  const grown = residentBytes(pid) - before
  t.ok(grown < 8 * 2 ** 20, `${Math.round(grown / 1024)} KiB more`)
})

test('references to one large field, again and again (HTTP/2 bomb): 431, and no memory', async (t) => {
  const broker = await startBroker(t)
  const { pid = 0 } = broker.process
  const attacker = new RawClient(t, { host: '127.0.0.1', port: broker.grpcPort })
  const bystander = await new GrpcClient(t, broker.grpcPort).subscribe()
  const before = residentBytes(pid)
  attacker.write(preface())
  attacker.write(repeat(200, (stream) => frame(types.headers, flags.endHeaders | flags.endStream, stream, bomb())))
  // Whoever is answered after it: the bombs are through.
  attacker.write(Buffer.concat([request(1001, '/broker.v1.MessageService/PublishOne'), lastData(1001, emptyMessage)]))
  await bystander.has(1)
  t.ok(residentBytes(pid) - before < 8 * 2 ** 20)
})

test('questions without a window for the answers (window stall): the connection ends in time', async (t) => {
  const { grpcPort } = await startBroker(t, { args: ['--set', 'timeouts.handshakeMs=300'] })
  const initialWindowSize = 4
  const questions = repeat(500, (stream) => Buffer.concat([request(stream, '/grpc.health.v1.Health/Check'), lastData(stream, emptyMessage)]))
  const end = await endOf(t, grpcPort, Buffer.concat([preface([[initialWindowSize, 0]]), questions]))
  t.strictSame(end, { error: calm, reason: 'an answer was not read' })
})
