/** Several publishers of one topic: each in its order, and one order for all subscribers, over several shards. */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { connectMany } from './support/ws-client.js'

const publishers = 5
const subscribers = 12
const messages = 300

test('one order for all, and every publisher in its own', async (t) => {
  const broker = await startBroker(t, { args: ['--shards', '3'] })
  const readers = await connectMany(t, subscribers, `${broker.subscribeUrl}/order`)
  const writers = await connectMany(t, publishers, `${broker.publishUrl}/order`)
  await Promise.all(writers.map(async (writer, author) => {
    for (let number = 0; number < messages; number += 1) await writer.send(`${author}:${number}`)
  }))
  const total = publishers * messages
  await Promise.all(readers.map((reader) => reader.has(total)))

  const [first = [], ...others] = readers.map((reader) => reader.texts())
  t.equal(first.length, total)
  for (const other of others) t.equal(other.join(), first.join(), 'the same order')
  for (let author = 0; author < publishers; author += 1) {
    const own = first.filter((text) => text.startsWith(`${author}:`))
    t.strictSame(own, Array.from({ length: messages }, (_, number) => `${author}:${number}`), `publisher ${author}`)
  }
})
