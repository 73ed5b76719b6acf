/** close() of an embedded broker: what was published arrives, then everybody gets 1001, and nobody gets in any more. */

import { test } from 'tap'
import { embed } from './support/embedded.js'
import { openRaw } from './support/raw-client.js'
import { connect, connectMany } from './support/ws-client.js'

test('what was published arrives first', async (t) => {
  const { broker, publishUrl, subscribeUrl } = await embed(t)
  const readers = await connectMany(t, 20, subscribeUrl)
  const writer = await connect(t, publishUrl)
  // Little enough for the kernel to take: whoever it refuses bytes for is closed without them.
  const messages = Array.from({ length: 60 }, (_, number) => `${number} ${'x'.repeat(1000)}`)
  for (const message of messages) broker.publish('default', message)
  const closed = broker.close({ drainMs: 2000 })
  for (const client of [...readers, writer]) t.strictSame(await client.closed, { code: 1001, reason: 'shutting down' })
  t.equal(await closed, true, 'nobody was cut')
  const whole = messages.join()
  t.equal(readers.filter((reader) => reader.texts().join() === whole).length, readers.length)
  await t.rejects(connect(t, subscribeUrl), { code: 'ECONNREFUSED' })
  t.throws(() => broker.publish('default', 'late'), { code: 'ERR_CLOSED' })
})

test('a stuck subscriber does not hold it up', async (t) => {
  const { broker, subscribePort, subscribeUrl } = await embed(t, { timeouts: { closeMs: 100 } })
  const reader = await connect(t, subscribeUrl)
  const stuck = await openRaw(t, subscribePort)
  stuck.socket.pause()
  for (let number = 0; number < 2000; number += 1) broker.publish('default', 'x'.repeat(1000))
  await reader.has(2000)
  await broker.close({ drainMs: 100 })
  t.strictSame(await reader.closed, { code: 1001, reason: 'shutting down' })
})
