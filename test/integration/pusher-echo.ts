/** laravel-echo with its broadcaster `pusher`, as an application configures it. */

import Echo from 'laravel-echo'
import { test } from 'tap'
import { eventually, soon } from './support/eventually.js'
import { embedPusher, type PusherBroker } from './support/pusher-broker.js'
import { PusherJs } from './support/pusher-client.js'
import { answers, usersOf } from './support/pusher-queries.js'
import { serveSite, type Site } from './support/pusher-site.js'

interface Test {
  teardown(task: () => unknown): void
}

interface Listener {
  listen(event: string, callback: (data: unknown) => void): unknown
}

function echoAs(t: Test, { port, key }: PusherBroker, { url }: Site, user: string): Echo<'pusher'> {
  const echo = new Echo({
    broadcaster: 'pusher', key, Pusher: PusherJs as never, cluster: 'self', wsHost: '127.0.0.1', wsPort: port, forceTLS: false,
    enabledTransports: ['ws'], authEndpoint: `${url}/auth`, auth: { headers: {}, params: { user } }, namespace: 'App.Events',
  })
  t.teardown(() => echo.disconnect())
  return echo
}

/** The data of the next event that `register` is called back with. */
function told<T = unknown>(what: string, register: (callback: (data: T) => void) => unknown): Promise<T> {
  return soon(what, new Promise((resolve) => register(resolve)))
}

function subscribed(channel: { subscribed(callback: () => void): unknown }): Promise<unknown> {
  return told('a subscription', (callback) => channel.subscribed(callback as () => void))
}

const heard = (channel: Listener, event: string) => told(event, (callback) => channel.listen(event, callback))

test('public, private and encrypted channels', async (t) => {
  const place = await embedPusher(t)
  const echo = echoAs(t, place, await serveSite(t, place.sdk), 'anna')
  const channels = [
    ['orders', () => echo.channel('orders')], ['private-orders', () => echo.private('orders')],
    ['private-encrypted-orders', () => echo.encryptedPrivate('orders')],
  ] as const
  for (const [name, open] of channels) {
    const channel = open()
    await subscribed(channel)
    const named = heard(channel, '.order.shipped')
    const classNamed = heard(channel, 'OrderShipped')
    await place.sdk.trigger(name, 'order.shipped', { order: 7 })
    await place.sdk.trigger(name, 'App\\Events\\OrderShipped', { order: 8 })
    t.strictSame([await named, await classNamed], [{ order: 7 }, { order: 8 }], name)
  }
  t.match(echo.socketId(), /^\d+\.\d+$/)
})

test('join, here, joining, leaving, whisper', async (t) => {
  const place = await embedPusher(t)
  const site = await serveSite(t, place.sdk)
  const [anna, bert] = [echoAs(t, place, site, 'anna'), echoAs(t, place, site, 'bert')]
  const hers = anna.join('room')
  t.strictSame(await told('who is here', (callback) => hers.here(callback)), [{ name: 'anna' }])
  const joining = told('somebody joins', (callback) => hers.joining(callback))
  const his = bert.join('room')
  const here = await told<object[]>('who is here', (callback) => his.here(callback))
  t.strictSame(here, [{ name: 'anna' }, { name: 'bert' }])
  t.strictSame(await joining, { name: 'bert' })

  const whispered = told('a whisper', (callback) => hers.listenForWhisper('typing', callback))
  his.whisper('typing', { text: 'ä' })
  t.strictSame(await whispered, { text: 'ä' })
  const news = Promise.all([heard(hers, '.news'), heard(his, '.news')])
  await place.sdk.trigger('presence-room', 'news', { n: 1 })
  t.strictSame(await news, [{ n: 1 }, { n: 1 }])

  const leaving = told('somebody leaves', (callback) => hers.leaving(callback))
  bert.leave('room')
  t.strictSame(await leaving, { name: 'bert' })
  await answers(() => usersOf(place.sdk, 'presence-room'), ['anna'])
})

test('whispers on private channels, and broadcasts to others', async (t) => {
  const place = await embedPusher(t)
  const site = await serveSite(t, place.sdk)
  const [anna, bert] = [echoAs(t, place, site, 'anna'), echoAs(t, place, site, 'bert')]
  const [hers, his] = [anna.private('room'), bert.private('room')]
  await Promise.all([subscribed(hers), subscribed(his)])
  const whispered = told('a whisper', (callback) => his.listenForWhisper('typing', callback))
  hers.whisper('typing', { n: 1 })
  t.strictSame(await whispered, { n: 1 })
  const [toHer, toHim]: [unknown[], unknown[]] = [[], []]
  hers.listen('.saved', (data: unknown) => toHer.push(data))
  his.listen('.saved', (data: unknown) => toHim.push(data))
  await place.sdk.trigger('private-room', 'saved', { n: 1 }, { socket_id: anna.socketId() ?? '' })
  await place.sdk.trigger('private-room', 'saved', { n: 2 })
  await eventually('both have the last one', () => toHer.length > 0 && toHim.length > 1)
  t.strictSame([toHer, toHim], [[{ n: 2 }], [{ n: 1 }, { n: 2 }]])
})

test('who may not join is told', async (t) => {
  const place = await embedPusher(t)
  const site = await serveSite(t, place.sdk)
  const echo = new Echo({
    broadcaster: 'pusher', key: place.key, Pusher: PusherJs as never, cluster: 'self', wsHost: '127.0.0.1', wsPort: place.port, forceTLS: false,
    enabledTransports: ['ws'], authEndpoint: `${site.url}/auth`,
  })
  t.teardown(() => echo.disconnect())
  t.match(await told('an error', (callback) => echo.join('room').error(callback)), { type: 'AuthError', status: 403 })
})
