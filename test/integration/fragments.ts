/** Fragments are joined: a subscriber gets one unfragmented frame, whatever came between them. */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { frame, opcodes } from './support/frames.js'
import { openRaw } from './support/raw-client.js'

test('fragments become one frame', async (t) => {
  const broker = await startBroker(t)
  const reader = await openRaw(t, broker.subscribePort, '/joined')
  const writer = await openRaw(t, broker.publishPort, '/joined')

  writer.write(Buffer.concat([
    frame({ opcode: opcodes.text, payload: 'Hel', final: false }),
    frame({ opcode: opcodes.continuation, payload: '', final: false }),
    frame({ opcode: opcodes.ping, payload: 'between' }),
    frame({ opcode: opcodes.continuation, payload: 'lo' }),
  ]))
  t.equal((await reader.frame()).bytes.toString('hex'), '810548656c6c6f', 'text')
  t.equal((await writer.frame()).bytes.toString('hex'), '8a076265747765656e', 'a ping between fragments is answered')

  writer.write(frame({ opcode: opcodes.binary, payload: Buffer.alloc(100, 1), final: false }))
  writer.write(frame({ opcode: opcodes.continuation, payload: Buffer.alloc(100, 2) }))
  const joined = await reader.frame()
  t.equal(joined.bytes.subarray(0, 4).toString('hex'), '827e00c8', 'binary with a 16-bit length')
  t.equal(joined.payload.toString('hex'), '01'.repeat(100) + '02'.repeat(100))
})

test('a character cut by a fragment is whole again', async (t) => {
  const broker = await startBroker(t)
  const reader = await openRaw(t, broker.subscribePort)
  const writer = await openRaw(t, broker.publishPort)
  const [one, two, three, four] = Buffer.from('😀')
  writer.write(frame({ opcode: opcodes.text, payload: Buffer.from([one ?? 0, two ?? 0]), final: false }))
  writer.write(frame({ opcode: opcodes.continuation, payload: Buffer.from([three ?? 0, four ?? 0]) }))
  t.equal((await reader.frame()).bytes.toString('hex'), '8104f09f9880')
})

test('a stream of single bytes is the same stream', async (t) => {
  const broker = await startBroker(t)
  const reader = await openRaw(t, broker.subscribePort)
  const writer = await openRaw(t, broker.publishPort)
  writer.socket.setNoDelay(true)
  for (const byte of frame({ opcode: opcodes.text, payload: 'bytewise' })) writer.write(Buffer.from([byte]))
  t.equal((await reader.frame()).bytes.toString('hex'), '8108' + Buffer.from('bytewise').toString('hex'))
})
