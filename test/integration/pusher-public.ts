/** Public channels with pusher-js and the SDK, both as they are: only host, port and keys are ours. */

import { test } from 'tap'
import { embedPusher } from './support/pusher-broker.js'
import { connectClient, startSubscription, subscribe, vouchedBy } from './support/pusher-client.js'
import { answers, subscriptionsOf } from './support/pusher-queries.js'

const longestName = `${'a'.repeat(149)}_-=@,.;AZ0.9...`

test('an event reaches its subscribers as it was sent', async (t) => {
  const place = await embedPusher(t)
  const [anna, bert] = [await connectClient(t, place), await connectClient(t, place)]
  const [news, same] = [await subscribe(anna, 'news'), await subscribe(bert, 'news')]
  const sent: unknown[] = [
    { text: 'Grüße 👋 "\\\n\u2028', list: [1, null, { deep: [[]] }] }, {}, [], 'plain text', '', '{"json":"in a text"', 'x'.repeat(10_240), 17, null,
  ]
  for (const data of sent) await place.sdk.trigger('news', 'published', data)
  for (const { ear } of [news, same]) {
    await ear.nth('published', sent.length)
    t.strictSame(ear.all('published'), sent)
  }
  t.match(anna.socketId, /^\d+\.\d+$/)
  t.not(anna.socketId, bert.socketId)
})

test('control characters, six bytes each in JSON: as many as a payload may have', async (t) => {
  const place = await embedPusher(t)
  const person = vouchedBy(place.sdk, { id: 'anna' })
  const [anna, bert] = [await connectClient(t, place, person), await connectClient(t, place, person)]
  const [hers, his] = [await subscribe(anna, 'private-cache-room'), await subscribe(bert, 'private-cache-room')]
  const most = '\u0001'.repeat(10_240)
  await place.sdk.trigger('private-cache-room', 'published', most)
  t.equal(await his.ear.nth('published'), most)
  t.equal(await (await subscribe(await connectClient(t, place, person), 'private-cache-room')).ear.nth('published'), most, 'from the cache, too')
  hers.channel.trigger('client-published', most)
  t.equal(await his.ear.nth('client-published'), most)
})

test('a server may use any name for its events', async (t) => {
  const place = await embedPusher(t)
  const { ear } = await subscribe(await connectClient(t, place), 'news')
  for (const name of ['pusher:anything', 'client-anything', 'Grüße 👋', '__proto__']) {
    await place.sdk.trigger('news', name, { name })
    t.strictSame(await ear.nth(name), { name })
  }
})

test('all subscribers see one order', async (t) => {
  const place = await embedPusher(t)
  const clients = await Promise.all(Array.from({ length: 5 }, () => connectClient(t, place)))
  const ears = await Promise.all(clients.map(async (client) => (await subscribe(client, 'news')).ear))
  await Promise.all(Array.from({ length: 100 }, (_, n) => place.sdk.trigger('news', 'n', { n })))
  await Promise.all(ears.map((ear) => ear.nth('n', 100)))
  const [first, ...others] = ears.map((ear) => ear.all('n'))
  t.equal(new Set(first?.map((data) => JSON.stringify(data))).size, 100)
  for (const other of others) t.strictSame(other, first)
})

test('the socket that is left out does not get the event', async (t) => {
  const place = await embedPusher(t)
  const [anna, bert] = [await connectClient(t, place), await connectClient(t, place)]
  const [hers, his] = [await subscribe(anna, 'news'), await subscribe(bert, 'news')]
  await place.sdk.trigger('news', 'first', {}, { socket_id: anna.socketId })
  await place.sdk.triggerBatch([
    { channel: 'news', name: 'second', data: {}, socket_id: anna.socketId }, { channel: 'news', name: 'third', data: {}, socket_id: bert.socketId },
  ])
  await place.sdk.trigger('news', 'unknown', {}, { socket_id: '1.1' })
  await place.sdk.trigger('news', 'last', {})
  await Promise.all([hers.ear.nth('last'), his.ear.nth('last')])
  t.strictSame(hers.ear.names, ['pusher:subscription_succeeded', 'third', 'unknown', 'last'])
  t.strictSame(his.ear.names, ['pusher:subscription_succeeded', 'first', 'second', 'unknown', 'last'])
})

test('one event for many channels, many events in a batch', async (t) => {
  const place = await embedPusher(t)
  const client = await connectClient(t, place)
  const names = Array.from({ length: 100 }, (_, n) => `channel-${n}`)
  const ears = await Promise.all(names.map(async (name) => (await subscribe(client, name)).ear))
  await place.sdk.trigger(names, 'all', { n: 1 })
  await Promise.all(ears.map(async (ear) => t.strictSame(await ear.nth('all'), { n: 1 })))
  await place.sdk.triggerBatch(names.slice(0, 10).map((channel, n) => ({ channel, name: 'one', data: { n } })))
  await Promise.all(ears.slice(0, 10).map(async (ear, n) => t.strictSame(await ear.nth('one'), { n })))
  t.equal(ears.flatMap((ear) => ear.heard).length, 100 + 100 + 10)
})

test('who has unsubscribed gets nothing, and may come back', async (t) => {
  const place = await embedPusher(t)
  const [anna, bert] = [await connectClient(t, place), await connectClient(t, place)]
  await subscribe(anna, 'news')
  const { ear } = await subscribe(bert, 'news')
  anna.pusher.unsubscribe('news')
  await answers(() => subscriptionsOf(place.sdk, 'news'), 1)
  await place.sdk.trigger('news', 'missed', {})
  await ear.nth('missed')
  const again = await subscribe(anna, 'news')
  await place.sdk.trigger('news', 'heard', {})
  await again.ear.nth('heard')
  const heard = anna.connection.all('message').map((message) => (message as { event: string }).event)
  t.strictSame(heard, ['pusher_internal:subscription_succeeded', 'pusher_internal:subscription_succeeded', 'heard'])
})

test('names as long as they may be, and one longer', async (t) => {
  const place = await embedPusher(t)
  const client = await connectClient(t, place)
  t.equal(longestName.length, 164)
  const { ear } = await subscribe(client, longestName)
  await place.sdk.trigger(longestName, 'n'.repeat(200), { n: 1 })
  t.strictSame(await ear.nth('n'.repeat(200)), { n: 1 })
  for (const name of [`${longestName}x`, 'a b', 'a/b', 'é', ':', '*']) {
    const refused = startSubscription(client, name)
    t.match(await refused.ear.nth('pusher:subscription_error'), { status: 4009, error: /^A channel name must / }, name)
  }
})
