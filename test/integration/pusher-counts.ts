/** How many there are: subscription_count events, the `info` of triggers and batches, and queries about channels. */

import { test } from 'tap'
import { embedPusher, shop } from './support/pusher-broker.js'
import { connectClient, subscribe, vouchedBy } from './support/pusher-client.js'
import { ask, refusalOf } from './support/pusher-queries.js'

test('subscribers are told how many they are, but not on presence channels', async (t) => {
  const place = await embedPusher(t, { apps: [{ ...shop, subscriptionCounts: true }] })
  const clients = await Promise.all(['anna', 'bert', 'carl'].map((id) => connectClient(t, place, vouchedBy(place.sdk, { id }))))
  const [anna, bert, carl] = clients as [typeof clients[0], typeof clients[0], typeof clients[0]]
  for (const room of ['news', 'private-room']) {
    const { ear, channel } = await subscribe(anna, room)
    t.strictSame(await ear.nth('pusher:subscription_count'), { subscription_count: 1 })
    await subscribe(bert, room)
    t.strictSame(await ear.nth('pusher:subscription_count', 2), { subscription_count: 2 })
    const his = await subscribe(carl, room)
    t.strictSame(await his.ear.nth('pusher:subscription_count'), { subscription_count: 3 })
    bert.pusher.unsubscribe(room)
    t.strictSame(await ear.nth('pusher:subscription_count', 4), { subscription_count: 2 })
    t.equal(channel.subscriptionCount, 2)
  }
  const { ear } = await subscribe(anna, 'presence-room')
  await subscribe(bert, 'presence-room')
  await ear.nth('pusher:member_added')
  t.notOk(ear.names.includes('pusher:subscription_count'))
})

test('nobody is told unless the app says so', async (t) => {
  const place = await embedPusher(t)
  const { ear } = await subscribe(await connectClient(t, place), 'news')
  await subscribe(await connectClient(t, place), 'news')
  await place.sdk.trigger('news', 'last', {})
  await ear.nth('last')
  t.strictSame(ear.names, ['pusher:subscription_succeeded', 'last'])
})

test('queries and info', async (t) => {
  const place = await embedPusher(t)
  const { sdk } = place
  for (const id of ['anna', 'bert', 'bert']) {
    const client = await connectClient(t, place, vouchedBy(sdk, { id }))
    for (const room of ['news', 'presence-room', 'presence-cache-room']) await subscribe(client, room)
  }
  const info = 'user_count,subscription_count'
  t.strictSame(await ask(sdk, '/channels'), { channels: { 'news': {}, 'presence-room': {}, 'presence-cache-room': {} } })
  t.strictSame(await ask(sdk, '/channels', { filter_by_prefix: 'presence-c' }), { channels: { 'presence-cache-room': {} } })
  t.strictSame(await ask(sdk, '/channels', { filter_by_prefix: 'presence-', info: 'user_count' }), {
    channels: { 'presence-room': { user_count: 2 }, 'presence-cache-room': { user_count: 2 } },
  })
  t.strictSame(await ask(sdk, '/channels', { filter_by_prefix: 'n', info: 'subscription_count' }), { channels: { news: { subscription_count: 3 } } })
  t.strictSame(await ask(sdk, '/channels/presence-room', { info }), { occupied: true, user_count: 2, subscription_count: 3 })
  t.strictSame(await ask(sdk, '/channels/nobody', { info: 'subscription_count' }), { occupied: false, subscription_count: 0 })
  t.strictSame(await ask(sdk, '/channels/presence-room/users'), { users: [{ id: 'anna' }, { id: 'bert' }] })
  t.strictSame(await ask(sdk, '/channels/presence-nobody/users'), { users: [] })

  const triggered = await sdk.trigger(['news', 'presence-room', 'nobody'], 'n', {}, { info })
  t.strictSame(await triggered.json(), {
    channels: { 'news': { subscription_count: 3 }, 'presence-room': { user_count: 2, subscription_count: 3 }, 'nobody': { subscription_count: 0 } },
  })
  const batch = await sdk.triggerBatch([
    { channel: 'presence-room', name: 'n', data: {}, info: 'user_count' }, { channel: 'news', name: 'n', data: {} },
    { channel: 'news', name: 'n', data: {}, info: 'subscription_count' },
  ])
  t.strictSame(await batch.json(), { batch: [{ user_count: 2 }, {}, { subscription_count: 3 }] })
  t.strictSame(await (await sdk.trigger('news', 'n', {})).json(), {})
})

test('questions that have no answer', async (t) => {
  const { sdk } = await embedPusher(t)
  const questions: readonly (readonly [path: string, params: Record<string, string>, body: RegExp])[] = [
    ['/channels', { info: 'user_count' }, /presence-/],
    ['/channels', { info: 'user_count', filter_by_prefix: 'private-' }, /presence-/],
    ['/channels', { info: 'weather' }, /info must be/],
    ['/channels/news', { info: 'user_count' }, /presence-/],
    ['/channels/news', { info: 'cache' }, /cache channel/],
    ['/channels/news/users', {}, /presence-/],
    ['/channels/a%20b', {}, /a channel must be/],
  ]
  for (const [path, params, body] of questions) t.match(await refusalOf(ask(sdk, path, params)), { status: 400, body }, `${path} ${JSON.stringify(params)}`)
})
