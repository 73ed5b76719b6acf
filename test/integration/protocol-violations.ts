/** RFC 6455 over raw sockets: whoever breaks it is told which rule, on both ports, and nobody else notices. */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { closeOf, closePayload, frame, opcodes, type FrameParts } from './support/frames.js'
import { openRaw } from './support/raw-client.js'
import { connect } from './support/ws-client.js'

const { text, binary, continuation, close, ping } = opcodes

interface Case {
  readonly name: string
  readonly frames: readonly FrameParts[]
  readonly code: number
  readonly reason: string
  /** Data frames of subscribers are ignored, their payload is not looked at. */
  readonly publisherOnly?: true
}

const cases: readonly Case[] = [
  { name: 'no mask', frames: [{ opcode: text, payload: 'x', masked: false }], code: 1002, reason: 'a frame is not masked' },
  ...[1, 2, 4].map((reserved) => ({
    name: `reserved bits ${reserved}`, frames: [{ opcode: text, payload: 'x', reserved }],
    code: 1002, reason: 'a reserved bit is set',
  })),
  ...[3, 7, 11, 15].map((opcode) => ({ name: `opcode ${opcode}`, frames: [{ opcode }], code: 1002, reason: 'unknown opcode' })),
  { name: 'fragmented ping', frames: [{ opcode: ping, final: false }], code: 1002, reason: 'a control frame is fragmented' },
  {
    name: 'long ping', frames: [{ opcode: ping, payload: Buffer.alloc(126) }],
    code: 1002, reason: 'a control frame over 125 bytes',
  },
  { name: 'stray continuation', frames: [{ opcode: continuation }], code: 1002, reason: 'a continuation of no message' },
  {
    name: 'interleaved messages', frames: [{ opcode: text, final: false }, { opcode: text }],
    code: 1002, reason: 'a new message inside another',
  },
  {
    name: 'half a close code', frames: [{ opcode: close, payload: '\u0003' }],
    code: 1002, reason: 'a close frame with half a code',
  },
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000].map((code) => ({
    name: `close code ${code}`, frames: [{ opcode: close, payload: closePayload(code) }],
    code: 1002, reason: 'a close code that may not be sent',
  })),
  {
    name: 'close reason in Latin-1', frames: [{ opcode: close, payload: Buffer.from('\u0003\u00e8caf\u00e9', 'latin1') }],
    code: 1007, reason: 'the close reason is not UTF-8',
  },
  {
    name: 'text in Latin-1', frames: [{ opcode: text, payload: Buffer.from('café', 'latin1') }],
    code: 1007, reason: 'the text is not UTF-8', publisherOnly: true,
  },
  {
    name: 'overlong UTF-8', frames: [{ opcode: text, payload: Buffer.from('c0af', 'hex') }],
    code: 1007, reason: 'the text is not UTF-8', publisherOnly: true,
  },
  {
    name: 'bad UTF-8 is found before the message ends',
    frames: [{ opcode: text, payload: Buffer.from('ff', 'hex'), final: false }],
    code: 1007, reason: 'the text is not UTF-8', publisherOnly: true,
  },
]

test('violations', async (t) => {
  const broker = await startBroker(t)
  const witness = await connect(t, broker.subscribeUrl)
  for (const port of [broker.publishPort, broker.subscribePort]) {
    for (const { name, frames, code, reason, publisherOnly } of cases) {
      if (publisherOnly === true && port === broker.subscribePort) continue
      const client = await openRaw(t, port)
      client.write(Buffer.concat(frames.map(frame)))
      const role = port === broker.publishPort ? 'publish' : 'subscribe'
      t.strictSame(closeOf(await client.frame()), { code, reason }, `${role}: ${name}`)
      client.socket.end()
      t.equal((await client.rest()).length, 0, 'nothing follows the close frame')
    }
  }
  t.equal(witness.received.length, 0, 'nothing of it was published')
  const writer = await connect(t, broker.publishUrl)
  await writer.send('all is well')
  await witness.has(1)
})

test('binary may be anything', async (t) => {
  const broker = await startBroker(t)
  const reader = await openRaw(t, broker.subscribePort)
  const writer = await openRaw(t, broker.publishPort)
  writer.write(frame({ opcode: binary, payload: Buffer.from('ff00c0', 'hex') }))
  t.equal((await reader.frame()).bytes.toString('hex'), '8203ff00c0')
})
