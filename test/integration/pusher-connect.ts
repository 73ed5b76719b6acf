/** Connections: the codes of those that may not come, the greeting, and who pings whom when it is quiet. */

import { test } from 'tap'
import { eventually } from './support/eventually.js'
import { embedPusher, shop } from './support/pusher-broker.js'
import { connectClient, startClient } from './support/pusher-client.js'
import { clientTarget, joinApp, openSession } from './support/pusher-session.js'

const closedShop = { id: 'closed', key: 'closed-key', secret: 'closed-secret', enabled: false }
const strictShop = { id: 'strict', key: 'strict-key', secret: 'strict-secret', origins: ['https://shop.example'] }

interface Refusal {
  readonly code: number
  readonly target: string
  readonly origin?: string
}

const refusals: readonly Refusal[] = [
  { code: 4001, target: clientTarget('unknown-key') },
  { code: 4001, target: clientTarget('SHOP-KEY') },
  { code: 4001, target: clientTarget('shop-key%00') },
  { code: 4003, target: clientTarget('closed-key') },
  { code: 4005, target: '/' },
  { code: 4005, target: '/app' },
  { code: 4005, target: '/app/?protocol=7' },
  { code: 4005, target: '/app/shop-key/more?protocol=7' },
  { code: 4005, target: '/apps/shop/events?protocol=7' },
  { code: 4006, target: '/app/shop-key?protocol=seven' },
  { code: 4006, target: '/app/shop-key?protocol=7.0' },
  { code: 4006, target: '/app/shop-key?protocol=-7' },
  { code: 4007, target: '/app/shop-key?protocol=4' },
  { code: 4007, target: '/app/shop-key?protocol=8' },
  { code: 4009, target: clientTarget('strict-key'), origin: 'https://other.example' },
  { code: 4009, target: clientTarget('strict-key'), origin: 'null' },
]

test('those that may not come are told why, and closed with the same code', async (t) => {
  const { port } = await embedPusher(t, { apps: [shop, closedShop, strictShop] })
  for (const { code, target, origin } of refusals) {
    const session = await openSession(t, port, target, origin === undefined ? {} : { origin })
    const { code: closeCode, reason } = await session.closed
    t.equal(closeCode, code, `${code} ${target}`)
    t.match(session.messages(), [{ event: 'pusher:error', data: { code, message: reason } }])
    t.equal(session.received.length, 1)
  }
})

test('pages of allowed origins, and clients without one, may come', async (t) => {
  const { port } = await embedPusher(t, { apps: [strictShop] })
  for (const options of [{}, { origin: 'https://shop.example' }]) {
    const session = await openSession(t, port, clientTarget('strict-key'), options)
    const { data } = await session.nth('pusher:connection_established')
    t.match(JSON.parse(String(data)), { socket_id: /^\d+\.\d+$/, activity_timeout: 120 })
  }
})

test('pusher-js: a refusal of the 40xx kind is final', async (t) => {
  const place = await embedPusher(t, { apps: [{ ...shop, limits: { connectionsMax: 1 } }, closedShop] })
  const first = await connectClient(t, place)
  for (const [key, code] of [['unknown-key', 4001], ['closed-key', 4003], [shop.key, 4004]] as const) {
    const { connection } = startClient(t, { port: place.port, key })
    t.match(await connection.nth('error'), { error: { type: 'PusherError', data: { code } } })
    await connection.nth('disconnected')
  }
  first.pusher.disconnect()
  await eventually('there is room again', () => place.broker.stats()['connections_now'] === 0)
  await connectClient(t, place)
})

test('older versions of the protocol, and none', async (t) => {
  const { port } = await embedPusher(t)
  for (const query of ['?protocol=5', '?protocol=6', '?client=arduino', '']) {
    const session = await openSession(t, port, `/app/shop-key${query}`)
    await session.nth('pusher:connection_established')
  }
})

test('both sides ping when it is quiet, and a quiet client stays', async (t) => {
  const place = await embedPusher(t, { pusher: { activityTimeoutMs: 1000 } })
  const { connection, pusher } = await connectClient(t, place)
  const quiet = await joinApp(t, place)
  quiet.socket.on('message', (text: Buffer) => {
    if (text.includes('pusher:ping')) quiet.socket.ping() // any traffic counts
  })
  await quiet.nth('pusher:ping', 3)
  const beats = () => connection.all('message').filter((message) => /pusher:p[io]ng/.test((message as { event: string }).event)).length
  await eventually('pings either way', () => beats() >= 2)
  t.equal(connection.all('connected').length, 1)
  t.equal(pusher.connection.state, 'connected')
  await quiet.say('pusher:ping', {})
  t.match(await quiet.nth('pusher:pong'), { event: 'pusher:pong', data: '{}' })
})

test('who does not answer a ping is closed with 4201', async (t) => {
  const place = await embedPusher(t, { pusher: { activityTimeoutMs: 1000, pongMs: 50 } })
  const session = await joinApp(t, place)
  session.socket.pong = () => {}
  t.equal((await session.closed).code, 4201)
  t.strictSame(session.messages().slice(1), [
    { event: 'pusher:ping', data: '{}' }, { event: 'pusher:error', data: { message: 'no answer to a ping', code: 4201 } },
  ])
})

test('binary messages are not of this protocol', async (t) => {
  const session = await joinApp(t, await embedPusher(t))
  await session.send(Buffer.from('{"event":"pusher:ping","data":{}}'))
  t.equal((await session.closed).code, 1003)
})
