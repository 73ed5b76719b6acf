/** Cache channels with pusher-js: the last event comes with the subscription, or word that there is none. */

import { test } from 'tap'
import { embedPusher } from './support/pusher-broker.js'
import { connectClient, startSubscription, subscribe, vouchedBy } from './support/pusher-client.js'
import { ask, refusalOf, type ChannelAnswer } from './support/pusher-queries.js'

for (const room of ['cache-room', 'private-cache-room', 'presence-cache-room']) {
  test(`${room}: a miss, then the last event`, async (t) => {
    const place = await embedPusher(t)
    const early = await connectClient(t, place, vouchedBy(place.sdk, { id: 'anna' }))
    const first = startSubscription(early, room)
    await first.ear.nth('pusher:cache_miss')
    t.strictSame(first.ear.names, ['pusher:subscription_succeeded', 'pusher:cache_miss'])
    for (const n of [1, 2, 3]) await place.sdk.trigger(room, 'n', { n })
    await first.ear.nth('n', 3)

    const late = await connectClient(t, place, vouchedBy(place.sdk, { id: 'bert' }))
    const second = startSubscription(late, room)
    t.strictSame(await second.ear.nth('n'), { n: 3 })
    await place.sdk.trigger(room, 'n', { n: 4 })
    t.strictSame(await second.ear.nth('n', 2), { n: 4 })
    t.notOk(second.ear.names.includes('pusher:cache_miss'))
  })
}

test('client events are not kept', async (t) => {
  const place = await embedPusher(t)
  const person = vouchedBy(place.sdk, { id: 'anna' })
  const [anna, bert] = [await connectClient(t, place, person), await connectClient(t, place, person)]
  const [hers, his] = [await subscribe(anna, 'private-cache-room'), await subscribe(bert, 'private-cache-room')]
  hers.channel.trigger('client-typing', {})
  await his.ear.nth('client-typing')
  const late = startSubscription(await connectClient(t, place, person), 'private-cache-room')
  await late.ear.nth('pusher:cache_miss')
})

test('the SDK may look at what is kept', async (t) => {
  const place = await embedPusher(t, )
  const query = async (channel: string) => await ask(place.sdk, `/channels/${channel}`, { info: 'cache' }) as ChannelAnswer
  t.strictSame(await query('cache-room'), { occupied: false, cache: null })
  await place.sdk.trigger('cache-room', 'n', { n: 1 })
  const { cache } = await query('cache-room')
  t.match(cache, { data: '{"n":1}', ttl: Number })
  t.ok(cache !== null && cache !== undefined && cache.ttl > 1700 && cache.ttl <= 1800, `half an hour, got: ${cache?.ttl} s`)
  t.match(await refusalOf(query('room')), { status: 400, body: /cache channel/ })
  await place.sdk.trigger('room', 'n', { n: 1 })
  t.match(await ask(place.sdk, '/channels/room'), { occupied: false })
})
