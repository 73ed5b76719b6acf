/**
 * An upgrade to WebSocket behind other requests of the same connection, as proxies with a pool of connections send it: nginx
 * (`upstream { keepalive 16; }`), HAProxy (`http-reuse always`), Apache.
 */

import { test, type Test } from 'tap'
import { request } from '../support/raw-http.js'
import { eventually } from './support/eventually.js'
import { embed } from './support/embedded.js'
import { frame, opcodes } from './support/frames.js'
import { embedPusher, shop, type PusherBroker } from './support/pusher-broker.js'
import { RawClient, upgradeRequest } from './support/raw-client.js'

const target = `/app/${shop.key}?protocol=7`
const subscribeNews = frame({ opcode: opcodes.text, payload: JSON.stringify({ event: 'pusher:subscribe', data: { channel: 'news' } }) })

function connect(t: ConstructorParameters<typeof RawClient>[0], port: number): RawClient {
  return new RawClient(t, { host: '127.0.0.1', port })
}

/** An answer of the HTTP API, body and all. */
async function answer(client: RawClient): Promise<{ status: number, head: string, body: string }> {
  const head = await client.head()
  const body = await client.bytes(Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0))
  return { status: Number(head.split(' ')[1]), head, body: body.toString() }
}

async function event(client: RawClient): Promise<string> {
  return JSON.parse((await client.frame()).payload.toString()).event
}

/** A server's request to publish, as it stands on the wire. */
function publication({ sdk }: PusherBroker, headers: Readonly<Record<string, string>> = {}): string {
  const body = JSON.stringify({ name: 'n', channel: 'news', data: 'x' })
  const path = `/apps/${shop.id}/events`
  return request('POST', `${path}?${sdk.createSignedQueryString({ method: 'POST', path, body, params: {} })}`, { body, headers })
}

/** What all connections come to, when nobody is left. */
async function accountIs(t: Test, { broker }: PusherBroker, expected: Record<string, number>): Promise<void> {
  await eventually('all connections are over', () => broker.stats()['connections_now'] === 0)
  const stats = broker.stats()
  for (const [name, value] of Object.entries(expected)) t.equal(stats[name], value, name)
}

test('pipelined: a request, and an upgrade behind it', async (t) => {
  const place = await embedPusher(t)
  const client = connect(t, place.port)
  client.write(request('GET', '/x') + upgradeRequest(target))
  t.match(await answer(client), { status: 404 })
  t.match(await client.head(), /^HTTP\/1\.1 101 /)
  t.equal(await event(client), 'pusher:connection_established')
  client.write(subscribeNews)
  t.equal(await event(client), 'pusher_internal:subscription_succeeded')
  await place.sdk.trigger('news', 'said', { hello: 'world' })
  t.equal(await event(client), 'said')
  client.socket.destroy()
  await accountIs(t, place, { http_connections_returned: 1, events_dropped: 0, protocol_errors: 0 })
})

test('everything in one segment: two publications, an upgrade, and a frame behind it', async (t) => {
  const place = await embedPusher(t)
  const client = connect(t, place.port)
  client.write(Buffer.concat([Buffer.from(publication(place) + publication(place) + upgradeRequest(target)), subscribeNews]))
  t.match(await answer(client), { status: 200, body: '{}' })
  t.match(await answer(client), { status: 200, body: '{}' })
  t.match(await client.head(), /^HTTP\/1\.1 101 /)
  t.equal(await event(client), 'pusher:connection_established')
  t.equal(await event(client), 'pusher_internal:subscription_succeeded')
})

test('byte by byte', async (t) => {
  const place = await embedPusher(t)
  const client = connect(t, place.port)
  client.socket.setNoDelay(true)
  for (const byte of request('GET', '/x') + upgradeRequest(target)) {
    await new Promise((resolve) => client.socket.write(byte, resolve))
  }
  t.match(await answer(client), { status: 404 })
  t.match(await client.head(), /^HTTP\/1\.1 101 /)
  t.equal(await event(client), 'pusher:connection_established')
})

test('a pool of connections: each serves requests, then becomes a session that lives and ends like any other', async (t) => {
  const place = await embedPusher(t)
  const clients = Array.from({ length: 200 }, () => connect(t, place.port))
  await Promise.all(clients.map(async (client, number) => {
    for (let count = 0; count <= number % 3; count += 1) {
      client.write(request('GET', '/x'))
      t.equal((await answer(client)).status, 404)
    }
    t.match(await client.upgrade(target), /^HTTP\/1\.1 101 /)
    t.equal(await event(client), 'pusher:connection_established')
    client.write(subscribeNews)
    t.equal(await event(client), 'pusher_internal:subscription_succeeded')
  }))
  const stats = place.broker.stats()
  t.equal(stats['connections_now'], clients.length)
  t.equal(stats['http_connections'], clients.length)
  t.equal(stats['http_connections_returned'], clients.length)
  await place.sdk.trigger('news', 'said', {})
  for (const client of clients) t.equal(await event(client), 'said')
  for (const client of clients) client.socket.destroy()
  await accountIs(t, place, { connections_refused: 0, events_dropped: 0 })
})

test('over the bound of an address it is told 503, and the place of one that leaves is given to the next', async (t) => {
  const place = await embedPusher(t, { options: { limits: { connectionsPerAddressMax: 1 } } })
  const handedOver = async () => {
    const client = connect(t, place.port)
    client.write(request('GET', '/x'))
    t.equal((await answer(client)).status, 404)
    return client
  }
  const [first, second] = [await handedOver(), await handedOver()]
  t.match(await first.upgrade(target), /^HTTP\/1\.1 101 /)
  t.match(await second.upgrade(target), /^HTTP\/1\.1 503 /)
  await second.rest()
  first.socket.destroy()
  await eventually('its place is free', () => place.broker.stats()['connections_now'] === 0)
  t.match(await (await handedOver()).upgrade(target), /^HTTP\/1\.1 101 /)
})

test('an upgrade to something else is a request like any other', async (t) => {
  const place = await embedPusher(t)
  const client = connect(t, place.port)
  const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' }
  for (let round = 0; round < 3; round += 1) {
    client.write(publication(place, headers) + publication(place, headers))
    t.match(await answer(client), { status: 200, body: '{}' })
    t.match(await answer(client), { status: 200, body: '{}' })
  }
  t.match(await client.upgrade(target), /^HTTP\/1\.1 101 /)
  t.equal(await event(client), 'pusher:connection_established')
})

test('an upgrade that is refused ends the connection, with the answer that a first one gets', async (t) => {
  const place = await embedPusher(t)
  const client = connect(t, place.port)
  client.write(request('GET', '/x') + upgradeRequest(target).replace('Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 8'))
  t.match(await answer(client), { status: 404 })
  t.match(await client.head(), /^HTTP\/1\.1 426 [^]*\r\nConnection: close, Upgrade\r\n/)
  await client.rest()
})

test('the plain ports: a request that is no upgrade, and one behind it', async (t) => {
  const { publishPort, subscribePort, broker } = await embed(t)
  for (const port of [publishPort, subscribePort]) {
    const client = connect(t, port)
    client.write(request('GET', '/news') + upgradeRequest('/a'))
    t.match(await answer(client), { status: 426 })
    t.match(await client.head(), /^HTTP\/1\.1 101 /)
  }
  t.equal(broker.stats()['handshakes_completed'], 2)
})
