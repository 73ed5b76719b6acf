/** Streams and connections that end early: deadlines, cancels, killed clients, clients that do not read. */

import { status } from '@grpc/grpc-js'
import { once } from 'node:events'
import { connect } from 'node:http2'
import { test } from 'tap'
import { eventually, soon } from './support/eventually.js'
import { embedGrpc } from './support/grpc-broker.js'
import { GrpcClient } from './support/grpc-client.js'

/** A Subscribe stream of node:http2: grpc-js never ends a connection that has streams. */
async function rawSubscription(t: { teardown(task: () => unknown): void }, port: number): Promise<{ cut(): void }> {
  const session = connect(`http://127.0.0.1:${port}`)
  t.teardown(() => session.destroy())
  const headers = { ':method': 'POST', ':path': '/MessageService/Subscribe', 'content-type': 'application/grpc', te: 'trailers' }
  const stream = session.request(headers)
  stream.on('error', () => {})
  stream.end(Buffer.alloc(5))
  await soon('its headers', once(stream, 'response'))
  return { cut: () => session.destroy() }
}

test('a deadline ends a subscription at the client and here', async (t) => {
  const { grpcPort, stat } = await embedGrpc(t)
  const stream = await new GrpcClient(t, grpcPort).subscribe('a', {}, { deadline: Date.now() + 300 })
  t.equal(stat('subscriptions_now'), 1)
  t.match(await stream.ended(), { code: status.DEADLINE_EXCEEDED })
  await eventually('its end here', () => stat('subscriptions_now') === 0 && stat('streams_now') === 0)
})

test('a cancelled subscription receives nothing more, the others on its connection everything', async (t) => {
  const { grpcPort, stat } = await embedGrpc(t)
  const client = new GrpcClient(t, grpcPort)
  const [leaving, staying] = await Promise.all([client.subscribe(), client.subscribe()])
  await client.publish({ author: 1, data: 'both' })
  await Promise.all([leaving.has(1), staying.has(1)])
  leaving.call.cancel()
  t.match(await leaving.ended(), { code: status.CANCELLED })
  await eventually('its end here', () => stat('subscriptions_now') === 1)
  t.equal(stat('streams_cancelled'), 1)
  await client.publish({ author: 2, data: 'one' })
  await staying.has(2)
  t.equal(leaving.received.length, 1)
})

test('a cancelled publisher: what it had sent was published', async (t) => {
  const { grpcPort, stat } = await embedGrpc(t)
  const client = new GrpcClient(t, grpcPort)
  const stream = await client.subscribe()
  const publisher = client.publisher()
  publisher.send({ author: 1, data: 'sent' })
  await stream.has(1)
  publisher.call.cancel()
  t.match(await publisher.ended(), { code: status.CANCELLED })
  await eventually('its end here', () => stat('streams_now') === 1)
})

test('a thousand subscriptions, cancelled at once, leave nothing', async (t) => {
  const { broker, grpcPort, stat } = await embedGrpc(t)
  const client = new GrpcClient(t, grpcPort)
  const streams = await Promise.all(Array.from({ length: 1000 }, () => client.subscribe('crowd')))
  t.equal(broker.topicStats().find(({ topic }) => topic === 'crowd')?.subscribers, 1000)
  for (const { call } of streams) call.cancel()
  await eventually('the end of all', () => stat('streams_now') === 0 && stat('subscriptions_now') === 0)
  await client.subscribe('crowd') // the connection lives on
  t.equal(stat('connections_now'), 1)
})

test('a closed connection takes its streams with it', async (t) => {
  const { grpcPort, stat } = await embedGrpc(t)
  const { cut } = await rawSubscription(t, grpcPort)
  cut()
  await eventually('their end', () => stat('connections_now') === 0 && stat('subscriptions_now') === 0 && stat('streams_now') === 0)
})

test('connections and their ends are told as events', async (t) => {
  const { broker, grpcPort } = await embedGrpc(t)
  const events: unknown[] = []
  broker.on('connection', ({ protocol, topics }) => events.push({ protocol, topics }))
  broker.on('disconnect', ({ protocol, code }) => events.push({ protocol, code }))
  const { cut } = await rawSubscription(t, grpcPort)
  cut()
  await eventually('both', () => events.length === 2)
  t.match(events, [{ protocol: 'grpc', topics: [] }, { protocol: 'grpc', code: Number }])
})

test('a stream that is not read ends with RESOURCE_EXHAUSTED, the others of its connection go on', async (t) => {
  const { broker, grpcPort, stat } = await embedGrpc(t, {
    limits: { messageBytesMax: '20KiB' }, slowConsumers: [{ topics: '*', bytesBehindMax: '256KiB' }],
  })
  const slow: string[] = []
  broker.on('slow', ({ topic, policy }) => slow.push(`${topic} ${policy}`))
  const client = new GrpcClient(t, grpcPort)
  const [stuck, quick] = await Promise.all([client.subscribe('a'), client.subscribe('a')])
  stuck.call.pause()
  const data = 'x'.repeat(16_000)
  let sent = 0
  while (slow.length === 0) {
    broker.publish('a', JSON.stringify({ author: sent, data }))
    sent += 1
    await quick.has(sent)
  }
  t.strictSame(slow, ['a disconnect'])
  t.equal(stat('streams_closed_slow'), 1)
  broker.publish('a', JSON.stringify({ author: sent, data: 'last' }))
  await quick.has(sent + 1)
  t.equal(stat('connections_now'), 1)
  stuck.call.resume()
  const ended = await stuck.ended()
  t.match(ended, { code: status.RESOURCE_EXHAUSTED, details: /^slow consumer: \d+ bytes behind$/ })
  t.strictSame(stuck.received.map(({ author }) => author), Array.from({ length: stuck.received.length }, (_, at) => at), 'a prefix')
})
