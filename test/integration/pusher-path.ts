/** Paths of clients and servers: under a prefix, with it taken away on the way, and with slashes too many. */

import { createHash, createHmac } from 'node:crypto'
import { test } from 'tap'
import { scheme } from '../support/over-tls.js'
import { embedPusher, shop } from './support/pusher-broker.js'
import { connectClient, subscribe } from './support/pusher-client.js'
import { openSession } from './support/pusher-session.js'

/** The status of an event that is posted to `path` and signed as `signed`. */
async function post(port: number, path: string, signed = path): Promise<number> {
  const body = JSON.stringify({ name: 'n', channel: 'news', data: path })
  const time = Math.floor(Date.now() / 1000)
  const digest = createHash('md5').update(body).digest('hex')
  const query = `auth_key=${shop.key}&auth_timestamp=${time}&auth_version=1.0&body_md5=${digest}`
  const signature = createHmac('sha256', shop.secret).update(`POST\n${signed}\n${query}`).digest('hex')
  const headers = { 'content-type': 'application/json' }
  return (await fetch(`${scheme('http')}://127.0.0.1:${port}${path}?${query}&auth_signature=${signature}`, { method: 'POST', body, headers })).status
}

test('wsPath, and an API under the same path', async (t) => {
  const place = await embedPusher(t, { pusher: { path: '/ws' } })
  const { ear } = await subscribe(await connectClient(t, place, { wsPath: '/ws' }), 'news')
  const accepted: readonly (readonly [path: string, signed: string])[] = [
    ['/ws/apps/shop/events', '/ws/apps/shop/events'], ['/ws/apps/shop/events', '/apps/shop/events'], ['/apps/shop/events', '/apps/shop/events'],
  ]
  for (const [path, signed] of accepted) t.equal(await post(place.port, path, signed), 200, `${path} signed as ${signed}`)
  await ear.nth('n', accepted.length)
  t.strictSame(ear.all('n'), accepted.map(([path]) => path))
  t.equal(await post(place.port, '/other/apps/shop/events'), 404)
  await subscribe(await connectClient(t, place), 'news') // a proxy took the prefix away
  await place.sdk.trigger('news', 'by the SDK', {})
  await ear.nth('by the SDK')
})

test('slashes too many', async (t) => {
  const { port } = await embedPusher(t)
  for (const target of ['//app/shop-key?protocol=7', '/app/shop-key/?protocol=7', '//app//shop-key//']) {
    const session = await openSession(t, port, target)
    await session.nth('pusher:connection_established')
  }
  t.equal(await post(port, '//apps/shop/events', '/apps/shop/events'), 200)
  t.equal(await post(port, '/apps/shop/events/'), 200)
  t.equal(await post(port, '/ws/apps/shop/events', '/apps/shop/events'), 404, 'no prefix is configured')
})
