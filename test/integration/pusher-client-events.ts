/** Client events with pusher-js: to everybody else, within the rules; every refusal is a 4301 and not the end. */

import { test } from 'tap'
import { eventually } from './support/eventually.js'
import { embedPusher, shop, type PusherBroker } from './support/pusher-broker.js'
import { connectClient, subscribe, vouchedBy, type PusherClient } from './support/pusher-client.js'

interface Test {
  teardown(task: () => unknown): void
}

function connectAs(t: Test, place: PusherBroker, id: string): Promise<PusherClient> {
  return connectClient(t, place, vouchedBy(place.sdk, { id }))
}

/** The message of the `nth` refusal. */
async function refusal({ connection }: PusherClient, nth = 1): Promise<unknown> {
  const { data } = await connection.nth('error', nth) as { data: { code: number, message: string } }
  return data.code === 4301 ? data.message : data
}

test('all but the sender get them, with the sender\'s id on presence channels', async (t) => {
  const place = await embedPusher(t)
  const [anna, bert] = [await connectAs(t, place, 'anna'), await connectAs(t, place, 'bert')]
  for (const room of ['private-room', 'presence-room']) {
    const [hers, his] = [await subscribe(anna, room), await subscribe(bert, room)]
    const metadata: unknown[] = []
    his.channel.bind('client-typing', (_: unknown, about: unknown) => metadata.push(about))
    const data = { text: 'Grüße 👋', list: [1, null] }
    hers.channel.trigger('client-typing', data)
    t.strictSame(await his.ear.nth('client-typing'), data)
    his.channel.trigger('client-answer', 'a text')
    t.equal(await hers.ear.nth('client-answer'), 'a text')
    t.notOk(hers.ear.names.includes('client-typing'), 'no echo')
    t.strictSame(metadata, [room === 'presence-room' ? { user_id: 'anna' } : {}])
  }
})

test('one right after the subscription, without waiting for its answer', async (t) => {
  const place = await embedPusher(t)
  const [anna, bert] = [await connectAs(t, place, 'anna'), await connectAs(t, place, 'bert')]
  const { ear } = await subscribe(bert, 'private-room')
  const channel = anna.pusher.subscribe('private-room')
  for (let n = 0; n < 5; n += 1) channel.trigger('client-n', { n })
  await ear.nth('client-n', 5)
  t.strictSame(ear.all('client-n'), [0, 1, 2, 3, 4].map((n) => ({ n })))
})

test('refusals', async (t) => {
  const place = await embedPusher(t, { apps: [{ ...shop, limits: { payloadBytesMax: 1000, clientEventsPerSecondMax: 1000 } }] })
  const [anna, bert] = [await connectAs(t, place, 'anna'), await connectAs(t, place, 'bert')]
  const rooms = ['private-room', 'private-encrypted-room', 'public-room']
  for (const room of rooms) await subscribe(anna, room)
  const ears = await Promise.all(['private-other', ...rooms].map(async (room) => (await subscribe(bert, room)).ear))
  const refusals: readonly (readonly [event: string, channel: string, data: unknown, words: RegExp])[] = [
    ['client-x', 'public-room', {}, /only supported on private and presence channels/],
    ['client-x', 'private-encrypted-room', {}, /not supported on encrypted channels/],
    ['client-x', 'private-other', {}, /not subscribed/],
    ['client-x', 'private-nowhere', {}, /not subscribed/],
    ['client-x', '#server-to-user-bert', {}, /only supported on private and presence channels/],
    ['typing', 'private-room', {}, /must be prefixed by 'client-'/],
    ['pusher_internal:member_removed', 'private-room', { user_id: 'bert' }, /must be prefixed by 'client-'/],
    [`client-${'x'.repeat(200)}`, 'private-room', {}, /over 200 characters/],
    ['client-x', 'private-room', 'x'.repeat(1001), /too large/],
  ]
  for (const [at, [event, channel, data, words]] of refusals.entries()) {
    anna.pusher.send_event(event, data, channel)
    t.match(await refusal(anna, at + 1), words, `${event.slice(0, 40)} to ${channel}`)
  }
  t.equal(anna.connection.all('error').length, refusals.length)
  for (const room of ['private-other', ...rooms]) await place.sdk.trigger(room, 'last', 1)
  await Promise.all(ears.map((ear) => ear.nth('last')))
  for (const ear of ears) t.strictSame(ear.names, ['pusher:subscription_succeeded', 'last'])
  anna.pusher.send_event('client-x', 'x'.repeat(1000), 'private-room')
  t.ok(await ears[1]?.nth('client-x'), 'the connection lives on')
})

test('an app that has them switched off', async (t) => {
  const place = await embedPusher(t, { apps: [{ ...shop, clientEvents: false }] })
  const anna = await connectAs(t, place, 'anna')
  const { channel } = await subscribe(anna, 'private-room')
  channel.trigger('client-x', {})
  t.match(await refusal(anna), /not enabled for this app/)
})

test('over the rate: as many as the app allows, 4301 for the rest, and more a second later', async (t) => {
  const place = await embedPusher(t)
  const [anna, bert] = [await connectAs(t, place, 'anna'), await connectAs(t, place, 'bert')]
  const [hers, his] = [await subscribe(anna, 'private-room'), await subscribe(bert, 'private-room')]
  for (let n = 0; n < 50; n += 1) hers.channel.trigger('client-n', { n })
  const outcomes = () => his.ear.all('client-n').length + anna.connection.all('error').length
  await eventually('50 outcomes', () => outcomes() === 50)
  const delivered = his.ear.all('client-n')
  t.ok(delivered.length >= 10 && delivered.length < 20, `10 at once, and what time brings, got: ${delivered.length}`)
  t.strictSame(delivered.slice(0, 10), Array.from({ length: 10 }, (_, n) => ({ n })))
  t.match(await refusal(anna), /over the rate limit/)
  t.equal(anna.pusher.connection.state, 'connected')
  for (let n = 50; his.ear.all('client-n').length === delivered.length; n += 1) {
    hers.channel.trigger('client-n', { n })
    await eventually('one more outcome', () => outcomes() > n)
  }
  t.pass('it goes on')
  his.channel.trigger('client-n', { n: 0 })
  t.ok(await hers.ear.nth('client-n'), 'others have a rate of their own')
})
