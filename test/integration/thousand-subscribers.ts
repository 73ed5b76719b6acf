/** A thousand subscribers, connecting at once, of one topic. */

import { test } from 'tap'
import { embed } from './support/embedded.js'
import { eventually } from './support/eventually.js'
import { connect, connectMany } from './support/ws-client.js'

const subscribers = 1000
const messages = 20

test('every message reaches every one, in order', async (t) => {
  const { broker, publishUrl, subscribeUrl } = await embed(t, { shards: 2 })
  const readers = await connectMany(t, subscribers, `${subscribeUrl}/crowd`)
  t.match(broker.stats(), { connections_now: subscribers, subscriptions_now: subscribers })
  t.match(broker.topicStats(), [{ topic: 'crowd', subscribers }])

  const writer = await connect(t, `${publishUrl}/crowd`)
  const sent = Array.from({ length: messages }, (_, number) => `${number} ${'x'.repeat(1000)}`)
  for (const text of sent) await writer.send(text)
  await Promise.all(readers.map((reader) => reader.has(messages)))
  const whole = sent.join()
  t.equal(readers.filter((reader) => reader.texts().join() === whole).length, subscribers)
  t.match(broker.stats(), {
    messages_received: messages, publications: messages, encodes: messages,
    deliveries: messages * subscribers, publications_skipped: 0,
  }, 'each message was encoded once')

  for (const reader of readers) reader.socket.terminate()
  await eventually('all of them are gone', () => broker.stats()['connections_now'] === 1)
  t.match(broker.stats(), { subscriptions_now: 0, log_bytes_now: 0 }, 'and nothing is kept for them')
})
