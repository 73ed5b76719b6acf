/** Signed-in users with pusher-js: sign-in, events for a user, the end of all of a user's connections, watchlists. */

import type { PresenceChannel } from 'pusher-js'
import { test } from 'tap'
import { embedPusher, sdkFor, shop, type PusherBroker } from './support/pusher-broker.js'
import { connectClient, subscribe, vouchedBy, type Person, type PusherClient } from './support/pusher-client.js'
import { ask } from './support/pusher-queries.js'

interface Test {
  teardown(task: () => unknown): void
}

/** Signs in and waits until the user's own channel is subscribed to. */
async function signIn(t: Test, place: PusherBroker, person: Person): Promise<PusherClient> {
  const client = await connectClient(t, place, vouchedBy(place.sdk, person))
  client.pusher.signin()
  await client.connection.until(() => messages(client, 'pusher_internal:subscription_succeeded').length > 0, () => `a sign-in of ${person.id}`)
  return client
}

function messages({ connection }: PusherClient, event: string): unknown[] {
  return connection.all('message').filter((message) => (message as { event: string }).event === event)
}

test('sign-in, and events for a user on every connection', async (t) => {
  const place = await embedPusher(t)
  const [desk, phone, other] = [
    await signIn(t, place, { id: 'anna' }), await signIn(t, place, { id: 'anna' }), await signIn(t, place, { id: 'bert' }),
  ]
  t.match(desk.pusher.user.user_data, { id: 'anna', user_info: {} })
  await place.sdk.sendToUser('anna', 'hello', { n: 1 })
  await place.sdk.sendToUser('bert', 'last', {})
  t.strictSame([await desk.user.nth('hello'), await phone.user.nth('hello')], [{ n: 1 }, { n: 1 }])
  await other.user.nth('last')
  t.notOk(other.user.names.includes('hello'))
})

test('a user\'s own channel is not among the app\'s', async (t) => {
  const place = await embedPusher(t)
  await subscribe(await signIn(t, place, { id: 'anna' }), 'news')
  t.strictSame(await ask(place.sdk, '/channels'), { channels: { news: {} } })
  t.strictSame(await ask(place.sdk, '/channels/%23server-to-user-anna'), { occupied: false })
})

test('ids of other letters', async (t) => {
  const place = await embedPusher(t)
  for (const id of ['ä ö/ü?&=%#', '👋'.repeat(32), 'a*b', '__proto__']) {
    const client = await signIn(t, place, { id })
    await place.sdk.sendToUser(id, 'hello', { id })
    t.strictSame(await client.user.nth('hello'), { id })
    client.pusher.disconnect()
  }
})

test('sign-ins that are refused', async (t) => {
  const place = await embedPusher(t)
  const stranger = sdkFor({ ...shop, secret: 'another secret' }, place.port)
  const forgeries: readonly ((socketId: string) => { auth: string, user_data: string })[] = [
    (socketId) => stranger.authenticateUser(socketId, { id: 'anna' }),
    () => place.sdk.authenticateUser('1.1', { id: 'anna' }),
    (socketId) => ({ ...place.sdk.authenticateUser(socketId, { id: 'anna' }), user_data: '{"id":"bert"}' }),
    (socketId) => ({ auth: place.sdk.authorizeChannel(socketId, 'presence-x', { user_id: 'anna' }).auth, user_data: '{"id":"anna"}' }),
  ]
  for (const forge of forgeries) {
    const client = await connectClient(t, place, {
      userAuthentication: { customHandler: ({ socketId }, callback) => callback(null, forge(socketId)) },
    })
    client.pusher.signin()
    t.match(await client.connection.nth('error'), { type: 'PusherError', data: { code: 4009, message: /not authorized/ } })
    client.pusher.send_event('pusher:subscribe', { channel: '#server-to-user-anna' })
    await client.connection.until(() => messages(client, 'pusher:subscription_error').length > 0, () => 'a refusal of the user\'s channel')
    t.equal(client.pusher.connection.state, 'connected')
  }
})

test('nobody gets another user\'s events', async (t) => {
  const place = await embedPusher(t)
  const [anna, bert] = [await signIn(t, place, { id: 'anna' }), await signIn(t, place, { id: 'bert' })]
  bert.pusher.send_event('pusher:subscribe', { channel: '#server-to-user-anna' })
  await bert.connection.until(() => messages(bert, 'pusher:subscription_error').length > 0, () => 'a refusal')
  t.match(messages(bert, 'pusher:subscription_error'), [{ channel: '#server-to-user-anna', data: { type: 'AuthError', status: 401 } }])
  await place.sdk.sendToUser('anna', 'secret', {})
  await anna.user.nth('secret')
  await place.sdk.sendToUser('bert', 'last', {})
  await bert.user.nth('last')
  t.notOk(bert.user.names.includes('secret'))
})

test('the app ends all connections of a user', async (t) => {
  const place = await embedPusher(t)
  const [desk, phone, other] = [
    await signIn(t, place, { id: 'anna' }), await signIn(t, place, { id: 'anna' }), await signIn(t, place, { id: 'bert' }),
  ]
  const response = await place.sdk.terminateUserConnections('anna')
  t.strictSame(await response.json(), {})
  for (const { connection, pusher } of [desk, phone]) {
    await connection.nth('disconnected')
    t.match(connection.all('error'), [{ data: { code: 4009 } }, { data: { code: 4009 } }])
    t.equal(pusher.connection.state, 'disconnected', '4009: it does not come back')
  }
  await place.sdk.sendToUser('bert', 'hello', {})
  await other.user.nth('hello')
  await place.sdk.terminateUserConnections('nobody')
})

test('a watchlist: who is online, who comes, who goes', async (t) => {
  const place = await embedPusher(t)
  const bert = await signIn(t, place, { id: 'bert' })
  const anna = await signIn(t, place, { id: 'anna', watchlist: ['bert', 'carl'] })
  t.strictSame(await anna.watchlist.nth('online'), { name: 'online', user_ids: ['bert'] })
  t.strictSame(await anna.watchlist.nth('offline'), { name: 'offline', user_ids: ['carl'] })
  const carl = await signIn(t, place, { id: 'carl' })
  t.strictSame(await anna.watchlist.nth('online', 2), { name: 'online', user_ids: ['carl'] })
  const again = await signIn(t, place, { id: 'bert' })
  bert.pusher.disconnect()
  carl.pusher.disconnect()
  t.strictSame(await anna.watchlist.nth('offline', 2), { name: 'offline', user_ids: ['carl'] }, 'bert has another connection')
  again.pusher.disconnect()
  t.strictSame(await anna.watchlist.nth('offline', 3), { name: 'offline', user_ids: ['bert'] })
})

test('a watchlist over its limit', async (t) => {
  const place = await embedPusher(t)
  const watchlist = Array.from({ length: 101 }, (_, n) => `user-${n}`)
  const anna = await signIn(t, place, { id: 'anna', watchlist })
  t.match(await anna.connection.nth('error'), { type: 'PusherError', data: { code: 4302 } })
  t.match(await anna.watchlist.nth('offline'), { user_ids: watchlist.slice(0, 100) })
  await signIn(t, place, { id: 'user-100' })
  await signIn(t, place, { id: 'user-99' })
  t.match(await anna.watchlist.nth('online'), { user_ids: ['user-99'] }, 'not the one over the limit')
})

test('a presence channel for who is signed in, whose server does not say once more who it is', async (t) => {
  const place = await embedPusher(t)
  const watcher = await subscribe(await connectClient(t, place, vouchedBy(place.sdk, { id: 'watcher' })), 'presence-room')
  const anna = await connectClient(t, place, {
    ...vouchedBy(place.sdk, { id: 'anna', info: { name: 'Anna' } }),
    channelAuthorization: { customHandler: ({ socketId, channelName }, callback) => callback(null, place.sdk.authorizeChannel(socketId, channelName)) },
  })
  anna.pusher.signin()
  const { channel } = await subscribe(anna, 'presence-room')
  t.match((channel as PresenceChannel).members, { count: 2, me: { id: 'anna', info: { name: 'Anna' } } })
  t.match(await watcher.ear.nth('pusher:member_added'), { id: 'anna', info: { name: 'Anna' } })
})
