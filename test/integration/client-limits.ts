/** What one client may do, by a running broker: exact over time, and nobody else notices. */

import { test } from 'tap'
import { embed } from './support/embedded.js'
import { eventually } from './support/eventually.js'
import { RawClient } from './support/raw-client.js'
import { connect, connectMany, refusalOf } from './support/ws-client.js'

test('a publisher over its rate is held up, not lost, and a neighbour is not', async (t) => {
  const { broker, publishUrl, subscribeUrl } = await embed(t, { clients: { connection: { publicationsPerSecondMax: 200 } } })
  const subscriber = await connect(t, subscribeUrl)
  const flooder = await connect(t, publishUrl)
  const begun = process.hrtime.bigint()
  for (let i = 0; i < 500; ++i) flooder.socket.send(`flood ${i}`)
  await subscriber.has(200)
  const neighbour = await connect(t, publishUrl)
  await neighbour.send('neighbour')
  await eventually('the neighbour is heard', () => subscriber.texts().includes('neighbour'))
  t.ok(subscriber.received.length < 500, 'before the flood is over')
  await subscriber.has(501)
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9
  t.ok(seconds >= 1.4, `300 beyond the first second's worth take 1.5 s, got: ${seconds}`)
  t.strictSame(subscriber.texts().filter((each) => each !== 'neighbour'), Array.from({ length: 500 }, (_, i) => `flood ${i}`))
  t.ok((broker.stats()['clients_throttled_publications'] ?? 0) > 0)
})

test('close', async (t) => {
  const { broker, publishUrl, subscribeUrl } = await embed(t, { clients: { connection: { publicationsPerSecondMax: 5 }, overRate: 'close' } })
  const subscriber = await connect(t, subscribeUrl)
  const flooder = await connect(t, publishUrl)
  for (let i = 0; i < 20; ++i) flooder.socket.send(`${i}`)
  t.strictSame(await flooder.closed, { code: 1008, reason: 'too many publications a second' })
  await subscriber.has(5)
  t.strictSame(subscriber.texts(), ['0', '1', '2', '3', '4'])
  t.match(broker.stats(), { clients_closed_publications: 1 })
})

const posts = (count: number) => Array.from({ length: count }, (_, number) => {
  const body = String(number)
  return `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}).join('')

async function statusOf(client: RawClient): Promise<string> {
  const head = await client.head()
  await client.bytes(Number(/content-length: (\d+)/i.exec(head)?.[1]))
  return head.slice(9, 12)
}

test('POST over its rate waits, each is answered', async (t) => {
  const { broker, publishPort, subscribeUrl } = await embed(t, { clients: { connection: { publicationsPerSecondMax: 20 } } })
  const subscriber = await connect(t, subscribeUrl)
  const client = new RawClient(t, { host: '127.0.0.1', port: publishPort })
  client.write(posts(30))
  for (let number = 0; number < 30; number += 1) t.equal(await statusOf(client), '200')
  await subscriber.has(30)
  t.strictSame(subscriber.texts(), Array.from({ length: 30 }, (_, number) => String(number)))
  t.ok((broker.stats()['clients_throttled_publications'] ?? 0) > 0)
})

test('POST over its rate, where that ends a connection: 429', async (t) => {
  const { broker, publishPort, subscribeUrl } = await embed(t, { clients: { connection: { publicationsPerSecondMax: 5 }, overRate: 'close' } })
  const subscriber = await connect(t, subscribeUrl)
  const client = new RawClient(t, { host: '127.0.0.1', port: publishPort })
  client.write(posts(10))
  const statuses: string[] = []
  for (let number = 0; number < 6; number += 1) statuses.push(await statusOf(client))
  t.strictSame(statuses, ['200', '200', '200', '200', '200', '429'])
  t.equal((await client.rest()).length, 0)
  await subscriber.has(5)
  t.match(broker.stats(), { clients_closed_publications: 1, posts: 6, posts_refused: 1 })
})

test('connections of a client: 429, and when to come again', async (t) => {
  const { broker, publishUrl, subscribeUrl } = await embed(t, { clients: { connectionsMax: 2 } })
  const [first] = await connectMany(t, 2, subscribeUrl)
  t.strictSame(await refusalOf(t, publishUrl), { status: 429, text: 'too many connections of this client; try again in a second\n' })
  await connect(t, subscribeUrl, { localAddress: '127.0.0.2' })
  first?.socket.close()
  await eventually('there is room', () => broker.stats()['connections_now'] === 2)
  await connect(t, publishUrl)
  t.match(broker.stats(), { clients_refused: 1 })
})

test('handshakes of an address: 429', async (t) => {
  const { broker, subscribeUrl } = await embed(t, { clients: { handshakesPerSecondMax: 3 } })
  await connectMany(t, 3, subscribeUrl)
  t.match(await refusalOf(t, subscribeUrl), { status: 429 })
  await connect(t, subscribeUrl, { localAddress: '127.0.0.2' })
  await eventually('its bucket has one again', async () => connect(t, subscribeUrl).then(() => true, () => false))
  t.ok((broker.stats()['handshakes_over_rate'] ?? 0) >= 1)
})
