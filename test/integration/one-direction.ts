/** Subscribers are not listened to, publishers are not told anything. */

import { test } from 'tap'
import { embed } from './support/embedded.js'
import { closeOf, closePayload, frame, opcodes } from './support/frames.js'
import { openRaw } from './support/raw-client.js'
import { connect } from './support/ws-client.js'

test('data frames of a subscriber are ignored and counted', async (t) => {
  const { broker, publishUrl, subscribePort } = await embed(t)
  const reader = await openRaw(t, subscribePort, '/quiet')
  reader.write(Buffer.concat([
    frame({ opcode: opcodes.text, payload: 'one' }),
    frame({ opcode: opcodes.binary, payload: Buffer.alloc(200_000) }), // over every limit: nothing of it is kept
    frame({ opcode: opcodes.text, payload: 'three, ', final: false }),
    frame({ opcode: opcodes.continuation, payload: 'in two fragments' }),
    frame({ opcode: opcodes.ping, payload: 'done' }),
  ]))
  t.equal((await reader.frame()).payload.toString(), 'done', 'the connection stays open')
  t.match(broker.stats(), { messages_ignored: 3, messages_received: 0, publications: 0 })

  const writer = await connect(t, `${publishUrl}/quiet`)
  await writer.send('still here')
  t.equal((await reader.frame()).payload.toString(), 'still here')
})

test('a publisher receives nothing but control frames', async (t) => {
  const { broker, subscribeUrl, publishPort } = await embed(t)
  const reader = await connect(t, `${subscribeUrl}/quiet`)
  const writer = await openRaw(t, publishPort, '/quiet')
  for (let number = 0; number < 100; number += 1) writer.write(frame({ opcode: opcodes.text, payload: `message ${number}` }))
  await reader.has(100)
  broker.publish('quiet', 'from inside')
  await reader.has(101)
  writer.write(frame({ opcode: opcodes.close, payload: closePayload(1000) }))
  t.strictSame(closeOf(await writer.frame()), { code: 1000, reason: '' }, 'its first frame is the answer to its close')
  t.equal((await writer.rest()).length, 0, 'and its last')
})
