/** Pings are answered, closes are answered, and what nobody reads does not pile up. */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { embed } from './support/embedded.js'
import { eventually } from './support/eventually.js'
import { closeOf, closePayload, frame, opcodes, type Frame } from './support/frames.js'
import { openRaw } from './support/raw-client.js'

test('a pong has the payload of its ping', async (t) => {
  const broker = await startBroker(t)
  for (const port of [broker.publishPort, broker.subscribePort]) {
    const client = await openRaw(t, port)
    for (const payload of ['', 'hello', 'x'.repeat(125)]) {
      client.write(frame({ opcode: opcodes.ping, payload }))
      const answer = await client.frame()
      t.match(answer, { opcode: opcodes.pong, final: true })
      t.equal(answer.payload.toString(), payload)
    }
    client.write(frame({ opcode: opcodes.pong, payload: 'nobody asked' }))
    client.write(frame({ opcode: opcodes.ping, payload: 'after' }))
    t.equal((await client.frame()).payload.toString(), 'after', 'an unasked pong is ignored')
  }
})

test('a close is answered with its code, then the stream ends', async (t) => {
  const broker = await startBroker(t)
  for (const port of [broker.publishPort, broker.subscribePort]) {
    for (const code of [1000, 1001, 3000, 4999]) {
      const client = await openRaw(t, port)
      client.write(frame({ opcode: opcodes.close, payload: closePayload(code, 'bye') }))
      t.strictSame(closeOf(await client.frame()), { code, reason: '' })
      t.equal((await client.rest()).length, 0)
    }
    const client = await openRaw(t, port)
    client.write(frame({ opcode: opcodes.close }))
    t.equal((await client.frame()).bytes.toString('hex'), '8800', 'without a code')
    t.equal((await client.rest()).length, 0)
  }
})

test('what follows a close is not published', async (t) => {
  const { broker, publishPort } = await embed(t)
  const writer = await openRaw(t, publishPort)
  writer.write(Buffer.concat([
    frame({ opcode: opcodes.text, payload: 'before' }),
    frame({ opcode: opcodes.close, payload: closePayload(1000) }),
    frame({ opcode: opcodes.text, payload: 'after' }),
  ]))
  await writer.frame()
  await writer.rest()
  t.match(broker.stats(), { publications: 1 })
})

test('of unread pongs only the latest waits', async (t) => {
  const { broker, subscribePort } = await embed(t, {
    limits: { controlFramesPerSecondMax: 65_000, sendBufferBytes: 4096 },
  })
  const client = await openRaw(t, subscribePort, '/pongs')
  client.socket.pause()
  const messages = 5000 // their bytes fill what the kernel holds
  for (let number = 0; number < messages; number += 1) broker.publish('pongs', 'x'.repeat(1000))
  await eventually('the kernel refuses', () => (broker.stats()['writes_refused'] ?? 0) > 0)
  const pings = 3000
  for (let number = 0; number < pings; number += 1) client.write(frame({ opcode: opcodes.ping, payload: `ping ${number}` }))
  await eventually('all pings have been read', () => broker.stats()['pings_received'] === pings)

  client.socket.resume()
  const pongs: Frame[] = []
  let data = 0
  while (data < messages || pongs.length === 0) {
    const next = await client.frame()
    if (next.opcode === opcodes.pong) pongs.push(next)
    else data += 1
  }
  t.equal(pongs.at(-1)?.payload.toString(), `ping ${pings - 1}`)
  t.ok(pongs.length < 10, `one at a time that the kernel took some, got: ${pongs.length}`)
})
