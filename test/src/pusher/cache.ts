import { test } from 'tap'
import { PusherCache } from '../../../src/pusher/cache.js'
import { FakeClock } from '../../support/pusher/fake-clock.js'

const minuteMs = 60_000

test('the last event, for half an hour', async (t) => {
  const clock = new FakeClock()
  const cache = new PusherCache(clock)
  t.equal(cache.get('cache-a'), null)
  t.equal(cache.message('cache-a'), null)
  cache.set('cache-a', 'one', '1')
  cache.set('cache-a', 'two', '{"n":2}')
  t.strictSame(JSON.parse(cache.message('cache-a') ?? ''), { event: 'two', channel: 'cache-a', data: '{"n":2}' })
  t.strictSame(cache.get('cache-a'), { data: '{"n":2}', ttl: 1800 })
  clock.advance(29 * minuteMs + 59_500)
  t.ok(cache.has('cache-a'))
  t.strictSame(cache.get('cache-a'), { data: '{"n":2}', ttl: 1 })
  clock.advance(500)
  t.notOk(cache.has('cache-a'))
  t.equal(cache.get('cache-a'), null)
})

test('what has expired takes no memory and no timer', async (t) => {
  const clock = new FakeClock()
  const cache = new PusherCache(clock)
  for (let n = 0; n < 1000; n++) cache.set(`cache-${n}`, 'e', 'data')
  t.equal(cache.size, 1000)
  clock.advance(32 * minuteMs)
  t.equal(cache.size, 0)
  t.equal(clock.waiting, 0)
})

test('all together are bounded: the oldest go first', async (t) => {
  const cache = new PusherCache(new FakeClock(), 100)
  for (const channel of ['cache-a', 'cache-b', 'cache-c']) cache.set(channel, 'e', 'x'.repeat(25)) // 33 characters each
  cache.set('cache-a', 'e', 'y'.repeat(25))
  cache.set('cache-d', 'e', 'x'.repeat(25))
  t.strictSame(['cache-a', 'cache-b', 'cache-c', 'cache-d'].map((channel) => cache.has(channel)), [true, false, true, true])
  cache.set('cache-e', 'e', 'x'.repeat(200))
  t.equal(cache.size, 0, 'one that is too large is not kept either')
})

test('clear', async (t) => {
  const clock = new FakeClock()
  const cache = new PusherCache(clock)
  cache.set('cache-a', 'e', '')
  cache.clear()
  t.equal(cache.size, 0)
  t.equal(clock.waiting, 0)
})
