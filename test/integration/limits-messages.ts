/** Limits of what a connection may send or ask for. */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { embed } from './support/embedded.js'
import { closeOf, frame, opcodes } from './support/frames.js'
import { openRaw } from './support/raw-client.js'
import { connect, refusalOf } from './support/ws-client.js'

function fragments(count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, at) => frame({
    opcode: at === 0 ? opcodes.text : opcodes.continuation, final: at === count - 1,
  })))
}

test('fragments of one message: 1008', async (t) => {
  const broker = await startBroker(t, { args: ['--set', 'limits.fragmentsPerMessageMax=8'] })
  const reader = await connect(t, broker.subscribeUrl)
  const writer = await openRaw(t, broker.publishPort)
  writer.write(fragments(8))
  await reader.has(1)
  writer.write(fragments(9))
  t.strictSame(closeOf(await writer.frame()), { code: 1008, reason: 'too many fragments' })
})

test('control frames in a second: 1008', async (t) => {
  const broker = await startBroker(t, { args: ['--set', 'limits.controlFramesPerSecondMax=10'] })
  for (const port of [broker.publishPort, broker.subscribePort]) {
    const client = await openRaw(t, port)
    for (let number = 0; number < 50; number += 1) client.write(frame({ opcode: opcodes.ping }))
    let last = await client.frame()
    let pongs = 0
    for (; last.opcode === opcodes.pong; last = await client.frame()) pongs += 1
    t.strictSame(closeOf(last), { code: 1008, reason: 'too many control frames' })
    t.ok(pongs <= 20, `at most ten in each of two seconds, got: ${pongs}`)
  }
})

test('topics of a connection, bytes of a topic, topics in all', async (t) => {
  const { subscribeUrl, publishUrl, broker } = await embed(t, {
    limits: { topicsPerConnectionMax: 3, topicBytesMax: 5, topicsMax: 4 },
  })
  await connect(t, `${subscribeUrl}/?topic=a&topic=b&topic=c`)
  t.strictSame(await refusalOf(t, `${subscribeUrl}/?topic=a&topic=b&topic=c&topic=d`), {
    status: 400, text: 'too many topics for one connection\n',
  })
  await connect(t, `${publishUrl}/12345`)
  t.equal((await refusalOf(t, `${publishUrl}/123456`)).status, 400)
  t.strictSame(await refusalOf(t, `${publishUrl}/more`), { status: 503, text: 'too many topics\n' })
  t.throws(() => broker.publish('other', 'x'), { code: 'ERR_TOPICS' })
  t.throws(() => broker.publish('123456', 'x'), { code: 'ERR_TOPIC' })
  t.throws(() => broker.publish('a', Buffer.alloc(64 * 1024 + 1)), { code: 'ERR_MESSAGE_BYTES' })
})

test('a topic that nobody uses any more makes room', async (t) => {
  const { subscribeUrl, publishUrl } = await embed(t, { limits: { topicsMax: 2 } })
  for (let number = 0; number < 20; number += 1) {
    const reader = await connect(t, `${subscribeUrl}/topic-${number}`)
    const writer = await connect(t, `${publishUrl}/topic-${number}`)
    await writer.send('x')
    await reader.has(1)
    for (const client of [reader, writer]) {
      client.socket.close()
      await client.closed
    }
  }
  t.pass('20 topics, one after another, within a limit of two')
})

test('a message that never ends, however often a byte of it comes: 1008', async (t) => {
  const broker = await startBroker(t, { args: ['--set', 'timeouts.messageMs=200'] })
  const client = await openRaw(t, broker.publishPort)
  client.write(frame({ opcode: opcodes.binary, declared: 60_000n }))
  const drip = setInterval(() => client.write('x'), 20)
  t.teardown(() => clearInterval(drip))
  t.strictSame(closeOf(await client.frame()), { code: 1008, reason: 'the message took too long' })
})

test('half-sent messages of all connections together: 1013 for who holds more than its part', async (t) => {
  const broker = await startBroker(t, { args: ['--set', 'limits.receiveBufferBytesMax=1MiB'] })
  const reader = await connect(t, broker.subscribeUrl)
  const modest = await openRaw(t, broker.publishPort)
  const greedy = await Promise.all(Array.from({ length: 24 }, () => openRaw(t, broker.publishPort)))
  const [message, half] = [frame({ opcode: opcodes.text, payload: 'm'.repeat(1000) }), frame({ opcode: opcodes.text, payload: 'g'.repeat(60_000) })]
  modest.write(message.subarray(0, 500))
  for (const client of greedy) client.write(half.subarray(0, 59_000))
  t.strictSame(closeOf(await Promise.race(greedy.map((client) => client.frame()))), { code: 1013, reason: 'the server is out of buffers' })
  modest.write(message.subarray(500))
  await reader.has(1)
})
