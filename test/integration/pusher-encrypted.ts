/** Encrypted channels: the SDK encrypts, pusher-js decrypts, the broker never sees more than the ciphertext. */

import { test } from 'tap'
import { embedPusher } from './support/pusher-broker.js'
import { connectClient, startSubscription, subscribe, vouchedBy } from './support/pusher-client.js'

const room = 'private-encrypted-room'

test('events are decrypted by the client alone', async (t) => {
  const place = await embedPusher(t)
  const client = await connectClient(t, place, vouchedBy(place.sdk, { id: 'anna' }))
  const { ear } = await subscribe(client, room)
  const data = { text: 'nobody else reads this: ß' }
  await place.sdk.trigger(room, 'secret', data)
  await place.sdk.triggerBatch([{ channel: room, name: 'secret', data: { n: 2 } }])
  t.strictSame([await ear.nth('secret'), await ear.nth('secret', 2)], [data, { n: 2 }])
  const onTheWire = client.connection.all('message').filter((message) => (message as { event: string }).event === 'secret')
  t.match(onTheWire, [{ channel: room, data: { nonce: /^[\w+/=]+$/, ciphertext: /^[\w+/=]+$/ } }, { channel: room }])
  t.notMatch(JSON.stringify(onTheWire), /nobody/)
})

test('who has no authorization gets not even the ciphertext; clients cannot publish', async (t) => {
  const place = await embedPusher(t)
  const [stranger, anna] = await Promise.all([
    connectClient(t, place, {
      channelAuthorization: { customHandler: (_, callback) => callback(null, { auth: 'shop-key:0', shared_secret: 'AAAA' }) },
    }),
    connectClient(t, place, vouchedBy(place.sdk, { id: 'anna' })),
  ])
  const refused = startSubscription(stranger, room)
  t.match(await refused.ear.nth('pusher:subscription_error'), { status: 401 })
  const { channel, ear } = await subscribe(anna, room)
  t.throws(() => channel.trigger('client-secret', {}), { message: /not currently supported/ })
  anna.pusher.send_event('client-secret', {}, room)
  t.match(await anna.connection.nth('error'), { type: 'PusherError', data: { code: 4301, message: /not supported on encrypted channels/ } })
  await place.sdk.trigger(room, 'last', 1)
  await ear.nth('last')
  t.strictSame(ear.names, ['pusher:subscription_succeeded', 'last'])
})

test('a cache channel keeps the ciphertext', async (t) => {
  const place = await embedPusher(t)
  await place.sdk.trigger('private-encrypted-cache-room', 'secret', { n: 1 })
  const client = await connectClient(t, place, vouchedBy(place.sdk, { id: 'anna' }))
  const { ear } = startSubscription(client, 'private-encrypted-cache-room')
  t.strictSame(await ear.nth('secret'), { n: 1 })
})
