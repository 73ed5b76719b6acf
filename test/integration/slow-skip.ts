/** The policies that skip: what a resuming subscriber misses is exactly what is counted. */

import { test } from 'tap'
import { everything, readUpTo, startStuck, topic } from './support/stuck.js'

const hourMs = 3_600_000
const cases = [
  { policy: 'drop-oldest', limit: 'bytes', bytesBehindMax: 64 * 1024, ageMaxMs: hourMs },
  { policy: 'drop-oldest', limit: 'age', bytesBehindMax: 64 * 2 ** 20, ageMaxMs: 50 },
  { policy: 'latest', limit: 'bytes', bytesBehindMax: 64 * 1024, ageMaxMs: hourMs },
  { policy: 'latest', limit: 'age', bytesBehindMax: 64 * 2 ** 20, ageMaxMs: 50 },
] as const
const messages = 3000

for (const { policy, limit, ...limits } of cases) {
  test(`${policy}, by ${limit}`, async (t) => {
    const { broker, healthy, stuck, publish } = await startStuck(t, { policy, ...limits })
    let told = 0
    const slow = new Promise<void>((resolve) => {
      broker.on('slow', ({ skipped }) => {
        told += skipped
        resolve()
      })
    })
    await publish(messages - 1)
    await slow
    await publish(1)
    const numbers = await readUpTo(stuck, messages - 1)

    const skipped = broker.topicStats().find((each) => each.topic === topic)?.skipped[policy] ?? 0
    t.equal(numbers.length + skipped, messages, `received ${numbers.length} and skipped ${skipped} make everything`)
    t.strictSame(numbers, [...new Set(numbers)].sort((a, b) => a - b), 'in order, no duplicate')
    t.equal(broker.stats()['publications_skipped'], skipped)
    t.equal(healthy.texts().join(), everything(messages), 'the other one has everything')

    await publish(10)
    t.equal((await readUpTo(stuck, messages + 9)).length, 10, 'nothing is skipped once it reads')
    t.equal(told, skipped, 'the events say the same')
    t.match(broker.stats(), { connections_now: 2, connections_closed_slow: 0, publications_skipped: skipped })
  })
}

test('each topic has its own rule', async (t) => {
  const { broker, publish } = await startStuck(t, { policy: 'latest', bytesBehindMax: 64 * 1024, ageMaxMs: hourMs })
  await publish(1000)
  t.match(broker.topicStats(), [{ topic, skipped: { disconnect: 0, 'drop-oldest': 0 } }])
})
