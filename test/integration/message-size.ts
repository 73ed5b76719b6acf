/** 64 KiB is delivered; one byte more is refused by its header, before any of it is there. */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { closeOf, frame, opcodes } from './support/frames.js'
import { openRaw } from './support/raw-client.js'
import { connect } from './support/ws-client.js'

const most = 64 * 1024

test('the largest message is delivered', async (t) => {
  const broker = await startBroker(t)
  const reader = await connect(t, broker.subscribeUrl)
  const writer = await connect(t, broker.publishUrl)
  const payload = 'x'.repeat(most - 1) + 'y'
  await writer.send(payload)
  await reader.has(1)
  t.ok(reader.texts()[0] === payload)
})

test('one byte more: 1009 from the header alone', async (t) => {
  const broker = await startBroker(t)
  const writer = await openRaw(t, broker.publishPort)
  writer.write(frame({ opcode: opcodes.binary, declared: BigInt(most + 1) }))
  t.strictSame(closeOf(await writer.frame()), { code: 1009, reason: 'the message is too big' })
})

test('fragments that add up to one byte more', async (t) => {
  const broker = await startBroker(t)
  const writer = await openRaw(t, broker.publishPort)
  writer.write(frame({ opcode: opcodes.binary, payload: Buffer.alloc(most), final: false }))
  writer.write(frame({ opcode: opcodes.continuation, declared: 1n }))
  t.equal(closeOf(await writer.frame()).code, 1009)
})

test('a length of 2^62 allocates nothing', async (t) => {
  const broker = await startBroker(t)
  const writer = await openRaw(t, broker.publishPort)
  writer.write(frame({ opcode: opcodes.binary, declared: 2n ** 62n }))
  t.equal(closeOf(await writer.frame()).code, 1009)
})

test('the limit can be set', async (t) => {
  const broker = await startBroker(t, { args: ['--set', 'limits.messageBytesMax=10'] })
  const reader = await connect(t, broker.subscribeUrl)
  const writer = await connect(t, broker.publishUrl)
  await writer.send('0123456789')
  await reader.has(1)
  await writer.send('0123456789a')
  t.strictSame(await writer.closed, { code: 1009, reason: 'the message is too big' })
  t.equal(reader.received.length, 1)
})
