/** pusher-js after the broker has closed its connection: it comes back, and has its channels and its user again. */

import { test } from 'tap'
import { embedPusher, type PusherBroker } from './support/pusher-broker.js'
import { connectClient, subscribe, vouchedBy } from './support/pusher-client.js'
import { startProxy } from './support/pusher-proxy.js'
import { answers, usersOf } from './support/pusher-queries.js'
import { joinApp } from './support/pusher-session.js'

test('after a drain with 4200, at once, to another broker', async (t) => {
  const [first, second] = [await embedPusher(t, { pusher: { drainCode: 4200 } }), await embedPusher(t)]
  const proxy = await startProxy(t, first.port)
  const anna = await connectClient(t, { port: proxy.port, key: first.key }, vouchedBy(first.sdk, { id: 'anna' }))
  const [news, room] = [await subscribe(anna, 'news'), await subscribe(anna, 'presence-room')]
  anna.pusher.signin()
  const signIns = () => JSON.stringify(anna.connection.all('message')).split('#server-to-user-anna').length - 1
  await anna.connection.until(() => signIns() === 1, () => 'a sign-in')
  const raw = await joinApp(t, first)
  const oldId = anna.socketId

  proxy.leadTo(second.port)
  t.ok(await first.broker.close({ drainMs: 500 }), 'nobody was cut')
  t.match(await raw.closed, { code: 4200, reason: /./ })
  await anna.connection.nth('connected', 2)
  t.match(anna.connection.all('error')[0], { data: { code: 4200 } })
  t.not(anna.socketId, oldId)
  await Promise.all([news.ear.nth('pusher:subscription_succeeded', 2), room.ear.nth('pusher:subscription_succeeded', 2)])
  await second.sdk.trigger('news', 'again', {})
  await news.ear.nth('again')
  t.strictSame(await usersOf(second.sdk, 'presence-room'), ['anna'])
  await anna.connection.until(() => signIns() === 2, () => 'a second sign-in')
  await second.sdk.sendToUser('anna', 'hello', {})
  await anna.user.nth('hello')
})

const chunk = 'x'.repeat(10_000)

/** Publishes until the broker has found somebody slow. @returns how many events. */
async function publishUntilSlow({ broker, sdk }: PusherBroker): Promise<number> {
  let slow = 0
  broker.on('slow', () => { slow += 1 })
  let published = 0
  for (; slow === 0; published += 10) {
    await sdk.triggerBatch(Array.from({ length: 10 }, (_, n) => ({ channel: 'news', name: 'n', data: { n: published + n, chunk } })))
  }
  return published
}

test('a slow consumer is closed with 4100 after a correct prefix, backs off and comes back', async (t) => {
  const place = await embedPusher(t, {
    options: { limits: { messageBytesMax: 16_384 }, slowConsumers: [{ topics: '*', policy: 'disconnect', bytesBehindMax: 1_048_576 }] },
  })
  const proxy = await startProxy(t, place.port)
  const slow = await connectClient(t, { port: proxy.port, key: place.key })
  const { ear } = await subscribe(slow, 'news')
  const healthy = await subscribe(await connectClient(t, place), 'news')
  proxy.hold()
  const published = await publishUntilSlow(place)
  await healthy.ear.nth('n', published)
  proxy.release()
  t.match(await slow.connection.nth('error'), { data: { code: 4100, message: /slow consumer/ } })
  const numbers = ear.all('n').map((data) => (data as { n: number }).n)
  t.ok(numbers.length < published, `missed some, got: ${numbers.length} of ${published}`)
  t.strictSame(numbers, Array.from(numbers, (_, n) => n))
  await slow.connection.nth('connecting_in')
  await slow.connection.nth('connected', 2)
  await ear.nth('pusher:subscription_succeeded', 2)
  await place.sdk.trigger('news', 'again', {})
  await ear.nth('again')
  t.equal(healthy.ear.all('n').length, published)
})

test('after the line was cut', async (t) => {
  const place = await embedPusher(t)
  const proxy = await startProxy(t, place.port)
  const client = await connectClient(t, { port: proxy.port, key: place.key }, vouchedBy(place.sdk, { id: 'anna' }))
  const { ear } = await subscribe(client, 'presence-room')
  proxy.cut()
  await client.connection.nth('connected', 2)
  await ear.nth('pusher:subscription_succeeded', 2)
  await answers(() => usersOf(place.sdk, 'presence-room'), ['anna'])
})
