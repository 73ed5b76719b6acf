import { createHmac } from 'node:crypto'
import { test } from 'tap'
import type { WebhookEvent } from '../../../../src/pusher/contract.js'
import type { WebhookName } from '../../../../src/pusher/webhook/returns.js'
import { credentials } from '../../../support/pusher/http/fake-app.js'
import { WebhookReceiver, status, until } from '../../../support/pusher/webhook/webhook-receiver.js'
import { wallMs, webhooksOf } from '../../../support/pusher/webhook/webhooks-of.js'

/** One of each kind. */
const kinds: readonly WebhookEvent[] = [
  { name: 'channel_occupied', channel: 'c' },
  { name: 'channel_vacated', channel: 'd' },
  { name: 'member_added', channel: 'presence-c', user_id: '7' },
  { name: 'member_removed', channel: 'presence-c', user_id: '8' },
  { name: 'client_event', channel: 'presence-c', event: 'client-x', data: '{"é":1}', socket_id: '1.2', user_id: '7' },
  { name: 'client_event', channel: 'private-c', event: 'client-x', data: 'text', socket_id: '1.2' },
  { name: 'cache_miss', channel: 'cache-c' },
  { name: 'subscription_count', channel: 'c', subscription_count: 101 },
]
const names = [...new Set(kinds.map(({ name }) => name))]

function miss(number: number): WebhookEvent {
  return { name: 'cache_miss', channel: `cache-${number}` }
}

test('all seven kinds, signed', async (t) => {
  const receiver = await new WebhookReceiver().start(t)
  const { clock, subject } = webhooksOf(t, [{ url: receiver.url }], { returnMs: 0 })
  for (const event of kinds) subject.post(event)
  clock.advance(999)
  t.equal(receiver.received.length, 0)
  clock.advance(1)
  const { method, path, headers, body } = await receiver.request(1)
  t.strictSame([method, path, names.length], ['POST', '/hook', 7])
  t.equal(body, `{"time_ms":${wallMs + 1000},"events":${JSON.stringify(kinds)}}`)
  t.match(headers, {
    'content-type': 'application/json', 'x-pusher-key': credentials.key,
    'x-pusher-signature': createHmac('sha256', credentials.secret).update(body).digest('hex'),
  })
  await until(() => subject.counts.delivered === 8)
  t.strictSame([subject.counts, clock.nextMs], [{ delivered: 8, lost: 0, waiting: 0 }, null])
})

test('each endpoint gets what it wants, in the order of the events', async (t) => {
  const all = await new WebhookReceiver().start(t)
  const some = await new WebhookReceiver().start(t)
  const hooks = [{ url: all.url }, { url: some.url, events: ['member_removed', 'cache_miss'] satisfies WebhookName[] }]
  const { clock, subject } = webhooksOf(t, hooks, { returnMs: 0 })
  for (const event of kinds) subject.post(event)
  clock.advance(1000)
  await all.request(1)
  await some.request(1)
  t.strictSame(all.events, kinds)
  t.strictSame(some.events.map(({ name }) => name), ['member_removed', 'cache_miss'])
  await until(() => subject.counts.delivered === 10)
})

test('wanted is what an endpoint wants and what takes that back', async (t) => {
  const cases: [WebhookName[], WebhookName[]][] = [
    [['channel_vacated'], ['channel_occupied', 'channel_vacated']],
    [['channel_occupied'], ['channel_occupied', 'channel_vacated']],
    [['member_removed'], ['member_added', 'member_removed']],
    [['client_event'], ['client_event']],
    [['cache_miss', 'subscription_count'], ['cache_miss', 'subscription_count']],
  ]
  for (const [events, wanted] of cases) {
    const { subject } = webhooksOf(t, [{ url: 'http://127.0.0.1:9/', events }])
    t.strictSame(names.filter((name) => subject.wants(name)), wanted, events.join())
  }
  t.strictSame(names.filter((name) => webhooksOf(t, [{ url: 'http://127.0.0.1:9/' }]).subject.wants(name)), names)
})

test('an app without webhooks', async (t) => {
  const { clock, subject } = webhooksOf(t, [])
  t.notOk(names.some((name) => subject.wants(name)))
  for (const event of kinds) subject.post(event)
  t.strictSame([clock.nextMs, subject.counts], [null, { delivered: 0, lost: 0, waiting: 0 }])
  t.equal(await subject.close(1000), 0)
})

test('a reconnect is no news', async (t) => {
  const receiver = await new WebhookReceiver().start(t)
  const { clock, subject } = webhooksOf(t, [{ url: receiver.url, events: ['channel_vacated', 'member_removed', 'cache_miss'] }])
  subject.post({ name: 'channel_vacated', channel: 'presence-c' })
  subject.post({ name: 'member_removed', channel: 'presence-c', user_id: '7' })
  subject.post({ name: 'member_removed', channel: 'presence-c', user_id: '8' })
  clock.advance(2000)
  subject.post({ name: 'channel_occupied', channel: 'presence-c' })
  subject.post({ name: 'member_added', channel: 'presence-c', user_id: '7' })
  subject.post(miss(1))
  clock.advance(1000)
  await until(() => subject.counts.delivered === 2)
  t.strictSame(receiver.events, [miss(1), { name: 'member_removed', channel: 'presence-c', user_id: '8' }])
})

test('close sends what waits and what was held back', async (t) => {
  const receiver = await new WebhookReceiver().start(t)
  const { clock, lines, subject } = webhooksOf(t, [{ url: receiver.url }])
  subject.post(miss(1))
  subject.post({ name: 'channel_vacated', channel: 'c' })
  const closed = subject.close(5000)
  t.equal(subject.close(0), closed, 'a second call joins the first')
  subject.post({ name: 'channel_vacated', channel: 'meanwhile' })
  t.equal(await closed, 0)
  t.strictSame(receiver.events.map(({ channel }) => channel), ['cache-1', 'c', 'meanwhile'])
  subject.post(miss(2))
  t.strictSame([subject.counts, clock.nextMs, lines], [{ delivered: 3, lost: 1, waiting: 0 }, null, []])
})

test('close says how many are lost', async (t) => {
  const receiver = await new WebhookReceiver().start(t)
  receiver.answer = () => {} // hangs
  const { clock, lines, subject } = webhooksOf(t, [{ url: receiver.url }, { url: receiver.url, events: ['cache_miss'] }])
  subject.post(miss(1))
  clock.advance(1000)
  await receiver.request(2)
  subject.post(miss(2))
  subject.post({ name: 'channel_vacated', channel: 'c' })
  const closed = subject.close(300)
  clock.advance(300)
  t.equal(await closed, 5, 'of one endpoint 3, of the other 2')
  t.match(lines, [/events lost because the broker was closed: 3$/, /events lost because the broker was closed: 2$/])
  t.strictSame(subject.counts, { delivered: 0, lost: 5, waiting: 0 })
  await until(() => clock.nextMs === null && receiver.open === 0)
})

test('close tries once more where one rests, and no longer than it may', async (t) => {
  const receiver = await new WebhookReceiver().start(t)
  receiver.answer = status(500)
  const { clock, subject, ended } = webhooksOf(t, [{ url: receiver.url }])
  subject.post(miss(1))
  clock.advance(1000)
  await ended(1)
  receiver.answer = status(200)
  t.equal(await subject.close(10), 0)
  t.equal(receiver.received.length, 2)

  receiver.answer = status(500)
  const other = webhooksOf(t, [{ url: receiver.url }])
  other.subject.post(miss(1))
  const closed = other.subject.close(1500)
  await other.ended(1)
  other.clock.advance(1000)
  await receiver.request(4)
  other.clock.advance(500)
  t.equal(await closed, 1)
})
