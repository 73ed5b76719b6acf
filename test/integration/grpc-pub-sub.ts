/** Publish and Subscribe as the contract has them, with clients of @grpc/grpc-js. */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { GrpcClient } from './support/grpc-client.js'

test('every message reaches every open Subscribe stream of its topic', async (t) => {
  const { grpcPort } = await startBroker(t)
  const clients = [new GrpcClient(t, grpcPort), new GrpcClient(t, grpcPort)] as const
  const streams = await Promise.all([...clients, ...clients].map((client) => client.subscribe('prices')))
  const other = await clients[0].subscribe('weather')
  const publisher = new GrpcClient(t, grpcPort).publisher('prices')
  const sent = [{ author: 1, data: 'one' }, { author: -2, data: '' }, { author: 2_147_483_647, data: 'drei 🎈 "x"\n' }]
  for (const message of sent) publisher.send(message)
  await Promise.all(streams.map((stream) => stream.has(3)))
  for (const stream of streams) t.strictSame(stream.received, sent)
  t.strictSame(await publisher.end(), { status: 'ok' })
  t.match(await publisher.ended(), { code: 0 })
  t.strictSame(other.received, [])
})

test('without the metadata the topic is default', async (t) => {
  const { grpcPort } = await startBroker(t)
  const client = new GrpcClient(t, grpcPort)
  const [unnamed, named] = await Promise.all([client.subscribe(), client.subscribe('default')])
  await client.publish({ author: 1, data: 'unnamed' })
  await client.publish({ author: 2, data: 'named' }, 'default')
  for (const stream of [unnamed, named]) {
    await stream.has(2)
    t.strictSame(stream.received.map(({ data }) => data), ['unnamed', 'named'])
  }
})

test('the same subscriber name twice: both receive everything', async (t) => {
  const { grpcPort } = await startBroker(t)
  const client = new GrpcClient(t, grpcPort)
  const streams = await Promise.all([1, 2].map(() => client.subscribe('twice', { subscriber: 'ada' })))
  for (let author = 0; author < 10; author += 1) await client.publish({ author, data: 'x' }, 'twice')
  for (const stream of streams) {
    await stream.has(10)
    t.strictSame(stream.received.map(({ author }) => author), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  }
})

test('a publisher that never half-closes: its messages are there, its answer is not', async (t) => {
  const { grpcPort } = await startBroker(t)
  const client = new GrpcClient(t, grpcPort)
  const stream = await client.subscribe('open')
  const publisher = client.publisher('open')
  let answered = false
  void publisher.ended().then(() => { answered = true }, () => {})
  for (let author = 0; author < 3; author += 1) {
    publisher.send({ author, data: 'x' })
    await stream.has(author + 1)
  }
  t.notOk(answered)
  t.strictSame(await publisher.end(), { status: 'ok' })
})

test('a publisher that says nothing is answered as well', async (t) => {
  const { grpcPort } = await startBroker(t)
  t.strictSame(await new GrpcClient(t, grpcPort).publisher('nothing').end(), { status: 'ok' })
})

test('large messages, larger than a frame, pass through windows that they fill many times', async (t) => {
  const { grpcPort } = await startBroker(t)
  const client = new GrpcClient(t, grpcPort)
  const streams = await Promise.all(Array.from({ length: 5 }, () => client.subscribe('large')))
  const publisher = client.publisher('large')
  const bodies = Array.from({ length: 60 }, (_, at) => String.fromCharCode(97 + at % 26).repeat(65_000 - at))
  for (const [author, data] of bodies.entries()) publisher.send({ author, data })
  for (const stream of streams) {
    await stream.has(bodies.length)
    t.ok(stream.received.every(({ author, data }, at) => author === at && data === bodies[at]), 'as they were sent')
  }
  t.strictSame(await publisher.end(), { status: 'ok' })
})
