import { test } from 'tap'
import type { WebhookEvent } from '../../../../src/pusher/contract.js'
import { WebhookReturns, partnerOf, type WebhookName } from '../../../../src/pusher/webhook/returns.js'
import { ManualClock } from '../../../support/pusher/manual-clock.js'

function channel(name: 'channel_occupied' | 'channel_vacated', of = 'c'): WebhookEvent {
  return { name, channel: of }
}

function member(name: 'member_added' | 'member_removed', user: string, of = 'presence-c'): WebhookEvent {
  return { name, channel: of, user_id: user }
}

function start(returnMs = 3000, heldMax = 100) {
  const clock = new ManualClock()
  const released: string[] = []
  const subject = new WebhookReturns(returnMs, heldMax, clock, (event) => {
    released.push([event.name, event.channel, 'user_id' in event ? event.user_id : ''].join(' ').trim())
  })
  return { clock, released, subject }
}

test('partners', async (t) => {
  const cases: [WebhookName, WebhookName | null][] = [
    ['channel_occupied', 'channel_vacated'], ['channel_vacated', 'channel_occupied'], ['member_added', 'member_removed'],
    ['member_removed', 'member_added'], ['client_event', null], ['cache_miss', null], ['subscription_count', null],
  ]
  for (const [name, partner] of cases) t.equal(partnerOf(name), partner, name)
})

test('who does not return is told of after returnMs', async (t) => {
  const { clock, released, subject } = start()
  subject.take(channel('channel_vacated'))
  clock.advance(1000)
  subject.take(member('member_removed', '7'))
  clock.advance(1999)
  t.strictSame(released, [])
  clock.advance(1)
  t.strictSame(released, ['channel_vacated c'])
  clock.advance(1000)
  t.strictSame(released, ['channel_vacated c', 'member_removed presence-c 7'])
  t.strictSame([subject.count, clock.nextMs], [0, null])
})

test('a return takes both back', async (t) => {
  const { clock, released, subject } = start()
  subject.take(channel('channel_vacated'))
  subject.take(member('member_removed', '7'))
  clock.advance(2999)
  subject.take(channel('channel_occupied'))
  subject.take(member('member_added', '7'))
  clock.advance(10_000)
  t.strictSame(released, [])
})

test('a return of somebody else is news', async (t) => {
  const { clock, released, subject } = start()
  subject.take(member('member_removed', '7'))
  subject.take(member('member_added', '8'))
  subject.take(member('member_added', '7', 'presence-d'))
  subject.take(channel('channel_vacated', 'presence-c'))
  subject.take(channel('channel_occupied', 'presence-d'))
  t.strictSame(released, ['member_added presence-c 8', 'member_added presence-d 7', 'channel_occupied presence-d'])
  clock.advance(3000)
  t.strictSame(released.slice(3), ['member_removed presence-c 7', 'channel_vacated presence-c'])
})

test('a return after the time is news', async (t) => {
  const { clock, released, subject } = start()
  subject.take(channel('channel_vacated'))
  clock.advance(3000)
  subject.take(channel('channel_occupied'))
  t.strictSame(released, ['channel_vacated c', 'channel_occupied c'])
})

test('coming and going: each time counts from its own going', async (t) => {
  const { clock, released, subject } = start()
  for (let at = 0; at < 100; at++) {
    subject.take(channel('channel_vacated'))
    clock.advance(2000)
    subject.take(channel('channel_occupied'))
  }
  t.strictSame(released, [])
  subject.take(channel('channel_vacated'))
  clock.advance(1000)
  subject.take(channel('channel_vacated')) // twice is once
  clock.advance(2000)
  t.strictSame(released, ['channel_vacated c'])
})

test('what has no partner passes', async (t) => {
  const { released, subject } = start()
  subject.take({ name: 'cache_miss', channel: 'cache-c' })
  subject.take({ name: 'subscription_count', channel: 'c', subscription_count: 5 })
  t.strictSame(released, ['cache_miss cache-c', 'subscription_count c'])
})

test('without a time nothing is held', async (t) => {
  const { clock, released, subject } = start(0)
  subject.take(channel('channel_vacated'))
  subject.take(channel('channel_occupied'))
  t.strictSame([released, clock.nextMs], [['channel_vacated c', 'channel_occupied c'], null])
})

test('over the bound the oldest goes early, and none is lost', async (t) => {
  const { clock, released, subject } = start(3000, 2)
  for (const user of ['1', '2', '3', '4']) subject.take(member('member_removed', user))
  t.strictSame([released, subject.count], [['member_removed presence-c 1', 'member_removed presence-c 2'], 2])
  subject.take(member('member_added', '1'))
  clock.advance(3000)
  t.strictSame(released.slice(2), ['member_added presence-c 1', 'member_removed presence-c 3', 'member_removed presence-c 4'])
})

test('flush lets everything go', async (t) => {
  const { clock, released, subject } = start()
  subject.take(channel('channel_vacated'))
  subject.flush()
  t.strictSame([released, clock.nextMs], [['channel_vacated c'], null])
})
