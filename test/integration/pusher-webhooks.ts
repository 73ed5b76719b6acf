/** Webhooks of all seven kinds against an HTTP server of the app, each post verified by the SDK. */

import { test } from 'tap'
import { embedPusher, sdkFor, shop, type AppOptions } from './support/pusher-broker.js'
import { connectClient, subscribe, vouchedBy } from './support/pusher-client.js'
import { serveWebhooks } from './support/pusher-webhook-site.js'

interface Test {
  teardown(task: () => unknown): void
}

type Webhooks = NonNullable<AppOptions['webhooks']>

/** What comes at once, unless a test wants otherwise. */
const atOnce = { batchMs: 0, returnMs: 0 }

interface Setting {
  readonly events?: Webhooks[number]['events']
  readonly webhooks?: { readonly batchMs?: number, readonly returnMs?: number }
  readonly statusOf?: (nth: number) => number
}

async function start(t: Test, { events, webhooks = atOnce, statusOf }: Setting = {}) {
  const site = await serveWebhooks(t, () => sdkFor(shop, 0), statusOf)
  const endpoint = { url: site.url, ...events === undefined ? {} : { events } }
  const place = await embedPusher(t, { apps: [{ ...shop, subscriptionCounts: true, webhooks: [endpoint] }], pusher: { webhooks } })
  return { place, site, join: (id: string) => connectClient(t, place, vouchedBy(place.sdk, { id })) }
}

test('all seven kinds', async (t) => {
  const { site, join } = await start(t)
  const [anna, bert] = [await join('anna'), await join('bert')]
  const { channel } = await subscribe(anna, 'presence-room')
  const his = await subscribe(bert, 'presence-room')
  t.strictSame(await site.named('channel_occupied'), [{ name: 'channel_occupied', channel: 'presence-room' }])
  t.strictSame(await site.named('member_added', 2), ['anna', 'bert'].map((id) => ({ name: 'member_added', channel: 'presence-room', user_id: id })))
  channel.trigger('client-n', { n: 1 })
  await his.ear.nth('client-n')
  t.strictSame(await site.named('client_event'), [
    { name: 'client_event', channel: 'presence-room', event: 'client-n', data: '{"n":1}', socket_id: anna.socketId, user_id: 'anna' },
  ])
  await subscribe(anna, 'cache-room')
  t.strictSame(await site.named('cache_miss'), [{ name: 'cache_miss', channel: 'cache-room' }])
  t.strictSame(await site.named('subscription_count'), [{ name: 'subscription_count', channel: 'cache-room', subscription_count: 1 }])
  anna.pusher.disconnect()
  t.strictSame(await site.named('member_removed'), [{ name: 'member_removed', channel: 'presence-room', user_id: 'anna' }])
  t.strictSame(await site.named('channel_vacated'), [{ name: 'channel_vacated', channel: 'cache-room' }])
  bert.pusher.unsubscribe('presence-room')
  t.strictSame((await site.named('channel_vacated', 2))[1], { name: 'channel_vacated', channel: 'presence-room' })
  t.ok(site.posts.every(({ valid }) => valid), 'the SDK finds them signed')
  t.match(JSON.parse(site.posts[0]?.body ?? ''), { time_ms: Number, events: Array })
})

test('on private channels a client event has no user', async (t) => {
  const { site, join } = await start(t)
  const anna = await join('anna')
  const { channel } = await subscribe(anna, 'private-room')
  for (const data of [{ n: 1 }, 'a text']) channel.trigger('client-n', data)
  const event = { name: 'client_event', channel: 'private-room', event: 'client-n', socket_id: anna.socketId }
  t.strictSame(await site.named('client_event', 2), [{ ...event, data: '{"n":1}' }, { ...event, data: 'a text' }])
})

test('only those that the app wants', async (t) => {
  const { site, join } = await start(t, { events: ['member_added', 'channel_vacated'] })
  const anna = await join('anna')
  await subscribe(anna, 'presence-room')
  await subscribe(anna, 'cache-room')
  anna.pusher.disconnect()
  await site.named('channel_vacated', 2)
  t.strictSame(new Set(site.events.map(({ name }) => name)), new Set(['member_added', 'channel_vacated']))
})

test('who comes back within its time was never gone', async (t) => {
  const { place, site, join } = await start(t, { webhooks: { batchMs: 0, returnMs: 2000 } })
  const first = await join('anna')
  await subscribe(first, 'presence-room')
  await site.named('member_added')
  first.pusher.disconnect()
  const second = await join('anna')
  await subscribe(second, 'presence-room')
  await place.sdk.trigger('presence-room', 'n', {})
  second.pusher.disconnect()
  await site.named('member_removed')
  await site.named('channel_vacated')
  const told = site.events.map(({ name }) => name).filter((name) => name !== 'subscription_count')
  t.strictSame(told.sort(), ['channel_occupied', 'channel_vacated', 'member_added', 'member_removed'])
})

test('what comes in a moment goes in one post', async (t) => {
  const { site, join } = await start(t, { webhooks: { batchMs: 200, returnMs: 0 } })
  const anna = await join('anna')
  await Promise.all(Array.from({ length: 20 }, (_, n) => subscribe(anna, `news-${n}`)))
  await site.named('channel_occupied', 20)
  t.ok(site.posts.length < 20, `fewer posts than events, got: ${site.posts.length}`)
})

test('a post that fails is tried again, the same bytes, and nothing is lost', async (t) => {
  const { site, join } = await start(t, { statusOf: (nth) => (nth === 0 ? 500 : 200) })
  const anna = await join('anna')
  await subscribe(anna, 'news')
  await site.named('channel_occupied')
  t.match(site.posts, [{ status: 500, valid: true }, { status: 200, valid: true, body: site.posts[0]?.body }])
})

test('what waits is posted before the broker ends', async (t) => {
  const { place, site, join } = await start(t, { webhooks: { batchMs: 60_000, returnMs: 60_000 } })
  await subscribe(await join('anna'), 'presence-room')
  t.equal(site.posts.length, 0)
  await place.broker.close({ drainMs: 500 })
  const told = site.events.map(({ name }) => name).filter((name) => name !== 'subscription_count')
  t.strictSame(told.sort(), ['channel_occupied', 'channel_vacated', 'member_added', 'member_removed'])
})
