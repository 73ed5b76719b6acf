/** Text stays text, binary stays binary, and no byte changes. */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { connect } from './support/ws-client.js'

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))

const payloads: readonly (string | Buffer)[] = [
  'Test message', '', Buffer.alloc(0), 'ünï 😀 \u0000 text', everyByte, '{"author": 1, "data": "x"}',
  'a'.repeat(125), 'a'.repeat(126), Buffer.alloc(65_535, 7), Buffer.alloc(65_536, 8),
]

test('opcodes and bytes are preserved', async (t) => {
  const broker = await startBroker(t)
  const reader = await connect(t, broker.subscribeUrl)
  const writer = await connect(t, broker.publishUrl)
  for (const payload of payloads) await writer.send(payload)
  await reader.has(payloads.length)
  for (const [at, payload] of payloads.entries()) {
    t.equal(reader.received[at]?.binary, typeof payload !== 'string', `message ${at}: opcode`)
    t.ok(reader.received[at]?.payload.equals(Buffer.from(payload)), `message ${at}: bytes`)
  }
})
