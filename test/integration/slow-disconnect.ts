/** The policy `disconnect`: a stuck subscriber gets a correct prefix and 1013, nobody else notices. */

import { test } from 'tap'
import type { SlowEvent } from '../../src/index.js'
import { eventually, soon } from './support/eventually.js'
import { everything, numbered, readToClose, readUpTo, startStuck, topic, upTo, type Stuck } from './support/stuck.js'

const mebibyte = 2 ** 20
const hourMs = 3_600_000

function slowEvent({ broker }: Stuck): Promise<SlowEvent> {
  return soon('a slow event', new Promise((resolve) => broker.once('slow', resolve)))
}

test('by bytes: a prefix, then 1013', async (t) => {
  const setting = await startStuck(t, { policy: 'disconnect', bytesBehindMax: mebibyte, ageMaxMs: hourMs })
  const { broker, healthy, stuck, publish } = setting
  const event = slowEvent(setting)
  await publish(3000)
  const { policy, bytesBehind, skipped } = await event
  t.equal(policy, 'disconnect')
  t.ok(bytesBehind > mebibyte && bytesBehind < mebibyte + 100_000, `judged once it is over the limit, got: ${bytesBehind}`)

  const { numbers, code, reason } = await readToClose(stuck)
  t.strictSame(numbers, upTo(numbers.length), 'a prefix')
  t.strictSame({ code, reason }, { code: 1013, reason: `slow consumer: ${bytesBehind} bytes behind` })
  t.equal(healthy.texts().join(), everything(3000), 'the other one has everything')
  t.match(broker.topicStats(), [{ topic, subscribers: 1, published: 3000, skipped: { disconnect: skipped } }])
  t.match(broker.stats(), { connections_closed_slow: 1, slow_events: 1, publications_skipped: skipped })
})

test('by age', async (t) => {
  const setting = await startStuck(t, { policy: 'disconnect', bytesBehindMax: 64 * mebibyte, ageMaxMs: 100 })
  const { healthy, stuck, publish } = setting
  const event = slowEvent(setting)
  await publish(1000)
  const { ageMs, bytesBehind } = await event
  t.ok(ageMs > 100, `old enough, got: ${ageMs}`)
  const { numbers, code, reason } = await readToClose(stuck)
  t.strictSame(numbers, upTo(numbers.length), 'a prefix')
  t.strictSame({ code, reason }, { code: 1013, reason: `slow consumer: ${bytesBehind} bytes behind` })
  t.equal(healthy.texts().join(), everything(1000))
})

test('a subscriber that is behind but within the limits loses nothing', async (t) => {
  const { broker, stuck, publish } = await startStuck(t, { policy: 'disconnect', bytesBehindMax: 2 * mebibyte, ageMaxMs: hourMs })
  await publish(1500)
  t.strictSame(await readUpTo(stuck, 1499), upTo(1500))
  stuck.socket.pause()
  await publish(1500)
  t.strictSame(await readUpTo(stuck, 2999), upTo(3000).slice(1500))
  t.match(broker.stats(), { slow_events: 0, publications_skipped: 0 })
})

test('one that never reads again is cut and freed', async (t) => {
  const closeMs = 100
  const rule = { policy: 'disconnect', bytesBehindMax: 64 * 1024, ageMaxMs: hourMs } as const
  const { broker, healthy, publish } = await startStuck(t, rule, closeMs)
  await publish(1000)
  await eventually('only the healthy one is left', () => broker.stats()['connections_now'] === 1)
  await eventually('its share of the log is freed', () => broker.stats()['log_bytes_now'] === 0)
  t.match(broker.stats(), { connections_closed_slow: 1 })
  await publish(1)
  t.equal(healthy.texts().at(-1), numbered(1000))
})
