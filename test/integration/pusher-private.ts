/** Private channels with pusher-js: authorized by the SDK, in the process and over HTTP, and forged. */

import { test } from 'tap'
import { embedPusher, sdkFor, shop } from './support/pusher-broker.js'
import { connectClient, startSubscription, subscribe, vouchedBy } from './support/pusher-client.js'
import { answers, subscriptionsOf } from './support/pusher-queries.js'
import { serveSite } from './support/pusher-site.js'

test('what the SDK authorizes may be subscribed to', async (t) => {
  const place = await embedPusher(t)
  const client = await connectClient(t, place, vouchedBy(place.sdk, { id: 'anna' }))
  const { ear } = await subscribe(client, 'private-room')
  await place.sdk.trigger('private-room', 'news', { n: 1 })
  t.strictSame(await ear.nth('news'), { n: 1 })
})

test('an endpoint of the app authorizes, or does not', async (t) => {
  const place = await embedPusher(t)
  const site = await serveSite(t, place.sdk)
  const endpoint = { endpoint: `${site.url}/auth`, transport: 'ajax' } as const
  const anna = await connectClient(t, place, { channelAuthorization: { ...endpoint, params: { user: 'anna' } } })
  const { ear } = await subscribe(anna, 'private-room')
  await place.sdk.trigger('private-room', 'news', { n: 1 })
  t.strictSame(await ear.nth('news'), { n: 1 })
  const nobody = await connectClient(t, place, { channelAuthorization: endpoint })
  const refused = startSubscription(nobody, 'private-room')
  t.match(await refused.ear.nth('pusher:subscription_error'), { type: 'AuthError', status: 403 })
  t.equal(await subscriptionsOf(place.sdk, 'private-room'), 1)
  t.equal(site.asked.get('/auth'), 2)
})

test('forged authorizations are refused, and the connection lives on', async (t) => {
  const place = await embedPusher(t)
  const stranger = sdkFor({ ...shop, secret: 'another secret' }, place.port)
  const good = (socketId: string, channel: string) => place.sdk.authorizeChannel(socketId, channel).auth
  const forgeries: Readonly<Record<string, (socketId: string) => string>> = {
    'another secret': (socketId) => stranger.authorizeChannel(socketId, 'private-room').auth,
    'another channel': (socketId) => good(socketId, 'private-other'),
    'another socket': () => good('1234.1234', 'private-room'),
    'another key': (socketId) => good(socketId, 'private-room').replace('shop-key', 'shop-kex'),
    'no key': (socketId) => good(socketId, 'private-room').replace('shop-key:', ''),
    'capital digits': (socketId) => good(socketId, 'private-room').replace(/[0-9a-f]{64}$/, (hex) => hex.toUpperCase()),
    'cut': (socketId) => good(socketId, 'private-room').slice(0, -1),
    'longer': (socketId) => `${good(socketId, 'private-room')}0`,
    'of a member': (socketId) => place.sdk.authorizeChannel(socketId, 'private-room', { user_id: 'anna' }).auth,
    'of a sign-in': (socketId) => place.sdk.authenticateUser(socketId, { id: 'anna' }).auth,
    'empty': () => '',
  }
  for (const [name, forge] of Object.entries(forgeries)) {
    const client = await connectClient(t, place, {
      channelAuthorization: { customHandler: ({ socketId }, callback) => callback(null, { auth: forge(socketId) }) },
    })
    const refused = startSubscription(client, 'private-room')
    t.match(await refused.ear.nth('pusher:subscription_error'), { type: 'AuthError', status: 401 }, name)
    await subscribe(client, 'public-room')
    client.pusher.disconnect()
  }
  await answers(() => subscriptionsOf(place.sdk, 'private-room'), 0)
})
