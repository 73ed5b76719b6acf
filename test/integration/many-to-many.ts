/** 50 publishers × 50 subscribers, every message at every subscriber, once and in order. */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { connectMany } from './support/ws-client.js'

const publishers = 50
const subscribers = 50
const messages = 20
const body = 'x'.repeat(1000)

test('2500 pairs, 20 messages each', async (t) => {
  const broker = await startBroker(t, { args: ['--shards', '2'] })
  const readers = await connectMany(t, subscribers, `${broker.subscribeUrl}/crowd`)
  const writers = await connectMany(t, publishers, `${broker.publishUrl}/crowd`)
  await Promise.all(writers.map(async (writer, author) => {
    for (let number = 0; number < messages; number += 1) await writer.send(JSON.stringify({ author, number, data: body }))
  }))
  await Promise.all(readers.map((reader) => reader.has(publishers * messages)))

  const first = readers[0]?.texts() ?? []
  const next = Array.from({ length: publishers }, () => 0)
  const wrong = first.filter((text) => {
    const { author, number, data } = JSON.parse(text) as { author: number; number: number; data: string }
    const expected = next[author]
    next[author] = number + 1
    return number !== expected || data !== body
  })
  t.strictSame(wrong, [], 'every publisher in order, without a gap or a duplicate')
  t.strictSame(next, Array.from({ length: publishers }, () => messages), 'and complete')
  const whole = first.join('\n')
  t.equal(readers.filter((reader) => reader.texts().join('\n') === whole).length, subscribers, 'the same for every subscriber')
})
