import { test } from 'tap'
import { channelTraits, type ChannelTraits } from '../../../src/pusher/channel-name.js'
import { Channel } from '../../../src/pusher/channel.js'
import { SubscriptionCounts } from '../../../src/pusher/counts.js'
import { FakeClock } from '../../support/pusher/fake-clock.js'

function start() {
  const clock = new FakeClock()
  const told: number[] = []
  const channel = new Channel('news', channelTraits('news') as ChannelTraits)
  const counts = new SubscriptionCounts(clock, ({ subscriptions }) => told.push(subscriptions))
  const set = (subscriptions: number) => {
    channel.subscriptions = subscriptions
    counts.changed(channel)
  }
  return { clock, told, counts, set }
}

test('few: every change at once', async (t) => {
  const { told, set, clock } = start()
  for (const n of [1, 2, 3, 99, 100, 99, 0]) set(n)
  t.strictSame(told, [1, 2, 3, 99, 100, 99, 0])
  t.equal(clock.waiting, 0)
})

test('many: the newest number every five seconds at most', async (t) => {
  const { told, set, clock } = start()
  for (let n = 100; n <= 500; n++) set(n)
  t.strictSame(told, [100, 101])
  clock.advance(4999)
  t.strictSame(told, [100, 101])
  clock.advance(1)
  t.strictSame(told, [100, 101, 500])
  set(501)
  set(500)
  clock.advance(5000)
  t.strictSame(told, [100, 101, 500], 'no change, no message')
  clock.advance(20_000)
  set(502)
  t.strictSame(told, [100, 101, 500, 502], 'at once after a quiet time')
})

test('few again: told at once, and nothing later', async (t) => {
  const { told, set, clock } = start()
  set(200)
  set(201)
  set(50)
  clock.advance(60_000)
  t.strictSame(told, [200, 50])
  t.equal(clock.waiting, 0)
})

test('close', async (t) => {
  const { told, set, clock, counts } = start()
  set(200)
  set(201)
  counts.close()
  clock.advance(60_000)
  t.strictSame(told, [200])
})
