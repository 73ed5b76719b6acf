/** Presence channels with pusher-js: members, who comes, who goes, many connections of one user, limits. */

import { test } from 'tap'
import type { Members, PresenceChannel } from 'pusher-js'
import { authFor, subscriptionText } from '../../src/pusher/auth.js'
import { embedPusher, shop } from './support/pusher-broker.js'
import { connectClient, startSubscription, subscribe, vouchedBy, type Person, type Subscribed } from './support/pusher-client.js'
import { answers, ask, usersOf } from './support/pusher-queries.js'
import { joinApp } from './support/pusher-session.js'

interface Test {
  teardown(task: () => unknown): void
}

interface Place {
  readonly port: number
  readonly key: string
  readonly sdk: Parameters<typeof vouchedBy>[0]
}

const room = 'presence-room'

async function join(t: Test, place: Place, person: Person, channel = room) {
  const client = await connectClient(t, place, vouchedBy(place.sdk, person))
  return { ...client, ...await subscribe(client, channel) }
}

function membersOf({ channel }: Subscribed): Members {
  return (channel as PresenceChannel).members
}

test('members, who I am, who comes and who goes', async (t) => {
  const place = await embedPusher(t)
  const anna = await join(t, place, { id: 'anna', info: { name: 'Anna', tags: ['ä', 1] } })
  t.match(membersOf(anna), { count: 1, me: { id: 'anna', info: { name: 'Anna', tags: ['ä', 1] } } })
  const bert = await join(t, place, { id: 'bert', info: { name: 'Bert' } })
  t.strictSame(membersOf(bert).members, { anna: { name: 'Anna', tags: ['ä', 1] }, bert: { name: 'Bert' } })
  t.match(membersOf(bert), { count: 2, myID: 'bert', me: { id: 'bert' } })
  t.strictSame(await anna.ear.nth('pusher:member_added'), { id: 'bert', info: { name: 'Bert' } })
  t.strictSame(await usersOf(place.sdk, room), ['anna', 'bert'])

  bert.pusher.disconnect()
  t.strictSame(await anna.ear.nth('pusher:member_removed'), { id: 'bert', info: { name: 'Bert' } })
  t.equal(membersOf(anna).count, 1)
  t.strictSame(bert.ear.names, ['pusher:subscription_succeeded'], 'nobody is told of himself')
  anna.pusher.unsubscribe(room)
  await answers(() => usersOf(place.sdk, room), [])
  t.strictSame(await ask(place.sdk, `/channels/${room}`), { occupied: false })
})

test('a user is one member, however many the connections', async (t) => {
  const place = await embedPusher(t)
  const anna = await join(t, place, { id: 'anna' })
  const first = await join(t, place, { id: 'bert', info: { at: 'the desk' } })
  const second = await join(t, place, { id: 'bert', info: { at: 'the door' } })
  t.match(membersOf(second), { count: 2, me: { id: 'bert', info: { at: 'the desk' } } }, 'what the first one said')
  const query = () => ask(place.sdk, `/channels/${room}`, { info: 'user_count,subscription_count' })
  t.strictSame(await query(), { occupied: true, user_count: 2, subscription_count: 3 })
  first.pusher.disconnect()
  await answers(query, { occupied: true, user_count: 2, subscription_count: 2 })
  const carl = await join(t, place, { id: 'carl' })
  t.strictSame(Object.keys(membersOf(carl).members).sort(), ['anna', 'bert', 'carl'])
  second.pusher.disconnect()
  await anna.ear.nth('pusher:member_removed')
  t.strictSame(anna.ear.names.slice(1), ['pusher:member_added', 'pusher:member_added', 'pusher:member_removed'])
  t.strictSame(await usersOf(place.sdk, room), ['anna', 'carl'])
})

test('a member that answers nothing any more is gone when it is given up, not when its connection is', async (t) => {
  const place = await embedPusher(t, { pusher: { activityTimeoutMs: 1000, pongMs: 100 }, options: { timeouts: { closeMs: 3_600_000 } } })
  const anna = await join(t, place, { id: 'anna' })
  const bert = await joinApp(t, place)
  const data = JSON.stringify({ user_id: 'bert' })
  await bert.say('pusher:subscribe', { channel: room, channel_data: data, auth: authFor(shop, subscriptionText(bert.socketId, room, data)) })
  await anna.ear.nth('pusher:member_added')
  bert.socket.pause() // neither a ping nor a close frame is answered
  t.match(await anna.ear.nth('pusher:member_removed'), { id: 'bert' })
  t.strictSame(await usersOf(place.sdk, room), ['anna'])
  t.equal(place.broker.stats()['connections_now'], 2, 'its connection has an hour to answer the close frame')
})

test('one connection in several channels, and the same channel again', async (t) => {
  const place = await embedPusher(t)
  const anna = await join(t, place, { id: 'anna' })
  const other = await subscribe(anna, 'presence-other')
  await join(t, place, { id: 'bert' }, 'presence-other')
  t.match(await other.ear.nth('pusher:member_added'), { id: 'bert' })
  anna.pusher.unsubscribe(room)
  await answers(() => usersOf(place.sdk, room), [])
  t.strictSame(await usersOf(place.sdk, 'presence-other'), ['anna', 'bert'])
  const again = await subscribe(anna, room)
  t.match(membersOf(again), { count: 1, me: { id: 'anna' } })
})

test('an endpoint that writes numbers for ids', async (t) => {
  const place = await embedPusher(t)
  const client = await connectClient(t, place, {
    channelAuthorization: {
      customHandler: ({ socketId, channelName }, callback) => {
        callback(null, place.sdk.authorizeChannel(socketId, channelName, { user_id: 7 as unknown as string, user_info: {} }))
      },
    },
  })
  const { channel } = await subscribe(client, room)
  t.match((channel as PresenceChannel).members, { count: 1, me: { id: 7, info: {} } })
  t.strictSame(await usersOf(place.sdk, room), ['7'])
})

test('limits of members, their information and their ids', async (t) => {
  const place = await embedPusher(t, { apps: [{ ...shop, limits: { presenceMembersMax: 2, presenceInfoBytesMax: 100 } }] })
  const anna = await join(t, place, { id: 'anna', info: { x: 'y'.repeat(92) } })
  await join(t, place, { id: 'b'.repeat(128) })
  await join(t, place, { id: 'anna' })
  const refusals: readonly (readonly [Person, object])[] = [
    [{ id: 'carl' }, { status: 4004, error: /at most 2 members/ }],
    [{ id: 'anna', info: { x: 'y'.repeat(93) } }, { status: 4301, error: /at most 100 bytes/ }],
    [{ id: 'b'.repeat(129) }, { status: 401, error: /1\.\.128 characters/ }],
    [{ id: '' }, { status: 401 }],
  ]
  for (const [person, refusal] of refusals) {
    const client = await connectClient(t, place, vouchedBy(place.sdk, person))
    t.match(await startSubscription(client, room).ear.nth('pusher:subscription_error'), refusal)
  }
  t.equal(membersOf(anna).count, 2)
})
