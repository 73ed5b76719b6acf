/** Two apps of one broker with the same channels and users: nothing crosses. Then each limit of an app, beside one without. */

import { test } from 'tap'
import { eventually } from './support/eventually.js'
import { embedPusher, shop } from './support/pusher-broker.js'
import { connectClient, startClient, startSubscription, subscribe, vouchedBy, type PusherClient } from './support/pusher-client.js'
import { ask, refusalOf, usersOf } from './support/pusher-queries.js'

const bank = { id: 'bank', key: 'bank-key', secret: 'bank-secret', clientEvents: true, subscriptionCounts: true }
const rooms = ['news', 'private-room', 'presence-room', 'cache-room', 'private-encrypted-room']

test('the same names, and nothing crosses', async (t) => {
  const place = await embedPusher(t, { apps: [{ ...shop, subscriptionCounts: true }, bank] })
  const sdks = [place.sdk, place.sdkOf(bank)] as const
  const clients = await Promise.all([shop.key, bank.key].map((key, at) => {
    return connectClient(t, { port: place.port, key }, vouchedBy(sdks[at] ?? place.sdk, { id: 'anna', watchlist: ['bert'] }))
  })) as [PusherClient, PusherClient]
  const [inShop, inBank] = await Promise.all(clients.map((client) => Promise.all(rooms.map((room) => subscribe(client, room)))))
  for (const client of clients) {
    client.pusher.signin()
    await client.watchlist.nth('offline')
  }
  t.strictSame(await Promise.all(sdks.map((sdk) => usersOf(sdk, 'presence-room'))), [['anna'], ['anna']])
  t.strictSame(await ask(place.sdk, '/channels/news', { info: 'subscription_count' }), { occupied: true, subscription_count: 1 })

  const bert = await connectClient(t, place, vouchedBy(place.sdk, { id: 'bert' }))
  for (const room of rooms) await subscribe(bert, room)
  bert.pusher.signin()
  for (const room of rooms) await place.sdk.trigger(room, 'n', { of: 'shop' }, { socket_id: clients[1].socketId })
  bert.pusher.channel('private-room').trigger('client-n', {})
  await place.sdk.sendToUser('anna', 'hello', {})
  await Promise.all([...inShop?.map(({ ear }) => ear.nth('n')) ?? [], inShop?.[1]?.ear.nth('client-n'), clients[0].user.nth('hello')])
  await clients[0].watchlist.nth('online')
  t.strictSame(await usersOf(place.sdk, 'presence-room'), ['anna', 'bert'])

  const other = place.sdkOf(bank)
  for (const room of rooms) await other.trigger(room, 'last', {})
  await other.sendToUser('anna', 'last', {})
  await Promise.all([...inBank?.map(({ ear }) => ear.nth('last')) ?? [], clients[1].user.nth('last')])
  const told = inBank?.map(({ ear }) => ear.names.filter((name) => !name.startsWith('pusher:subscription_') && name !== 'pusher:cache_miss'))
  t.strictSame(told, rooms.map(() => ['last']))
  t.strictSame(clients[1].watchlist.names, ['offline'])
  t.strictSame(clients[1].user.names, ['last'])
  t.strictSame(await usersOf(other, 'presence-room'), ['anna'])
  t.match(await ask(other, '/channels/cache-room', { info: 'cache' }), { cache: { data: '{}' } }, 'its own last event')
  await place.sdk.terminateUserConnections('anna')
  await clients[0].connection.nth('disconnected')
  await other.trigger('news', 'still there', {})
  await inBank?.[0]?.ear.nth('still there')
})

test('what one app\'s server signs is worth nothing in another app', async (t) => {
  const place = await embedPusher(t, { apps: [shop, bank] })
  const anna = await connectClient(t, { port: place.port, key: bank.key }, vouchedBy(place.sdk, { id: 'anna' }))
  for (const room of ['private-room', 'presence-room']) {
    t.match(await startSubscription(anna, room).ear.nth('pusher:subscription_error'), { status: 401 })
  }
  anna.pusher.signin()
  t.match(await anna.connection.nth('error'), { data: { code: 4009 } })
})

test('connections', async (t) => {
  const place = await embedPusher(t, { apps: [{ ...shop, limits: { connectionsMax: 2 } }, bank] })
  const [first] = [await connectClient(t, place), await connectClient(t, place)]
  t.match(await startClient(t, place).connection.nth('error'), { error: { data: { code: 4004 } } })
  for (let n = 0; n < 3; n += 1) await connectClient(t, { port: place.port, key: bank.key })
  first.pusher.disconnect()
  await eventually('one is gone', () => place.broker.stats()['connections_now'] === 4)
  await connectClient(t, place)
})

test('channels of a connection', async (t) => {
  const place = await embedPusher(t, { apps: [{ ...shop, limits: { channelsPerConnectionMax: 2 } }] })
  const client = await connectClient(t, place)
  await subscribe(client, 'a')
  await subscribe(client, 'b')
  t.match(await startSubscription(client, 'c').ear.nth('pusher:subscription_error'), { type: 'LimitReached', status: 4004 })
  client.pusher.unsubscribe('a')
  await subscribe(client, 'd')
})

test('events of servers', async (t) => {
  const limits = { backendEventsPerSecondMax: 3, payloadBytesMax: 20, channelsPerEventMax: 4, batchEventsMax: 1 }
  const place = await embedPusher(t, { apps: [{ ...shop, limits }, bank] })
  const other = place.sdkOf(bank)
  const batch = () => ['a', 'b'].map((channel) => ({ channel, name: 'n', data: {} }))
  t.match(await refusalOf(place.sdk.trigger('a', 'n', 'x'.repeat(21))), { status: 413 })
  t.match(await refusalOf(place.sdk.trigger(['a', 'b', 'c', 'd', 'e'], 'n', '')), { status: 400 })
  t.match(await refusalOf(place.sdk.triggerBatch(batch())), { status: 400 })
  t.match(await refusalOf(place.sdk.trigger(['a', 'b', 'c', 'd'], 'n', '')), { status: 429, body: /at most 3 a second/ })
  await place.sdk.trigger(['a', 'b', 'c'], 'n', 'x'.repeat(20))
  await other.trigger(['a', 'b', 'c', 'd', 'e'], 'n', 'x'.repeat(21))
  await other.triggerBatch(batch())
})

test('client events', async (t) => {
  const place = await embedPusher(t, { apps: [{ ...shop, limits: { clientEventsPerSecondMax: 2 } }, bank] })
  for (const [app, max] of [[shop, 2], [bank, 10]] as const) {
    const person = vouchedBy(place.sdkOf(app), { id: 'anna' })
    const at = { port: place.port, key: app.key }
    const [anna, bert] = [await connectClient(t, at, person), await connectClient(t, at, person)]
    const [hers, his] = [await subscribe(anna, 'private-room'), await subscribe(bert, 'private-room')]
    for (let n = 0; n < 2 * max; n += 1) hers.channel.trigger('client-n', { n })
    t.match(await anna.connection.nth('error'), { data: { code: 4301 } })
    t.strictSame((await his.ear.nth('client-n', max)), { n: max - 1 })
  }
})
