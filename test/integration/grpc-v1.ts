/** The service broker.v1: topics in the messages, and a Publish that is unary. */

import type { Metadata } from '@grpc/grpc-js'
import { test } from 'tap'
import { embedGrpc } from './support/grpc-broker.js'
import { GrpcClient, withTopic, type PublishAnswer } from './support/grpc-client.js'
import { v1Service } from './support/grpc-services.js'

function publishOne(client: GrpcClient, request: object, metadata?: Metadata): Promise<PublishAnswer> {
  return client.unary(v1Service, 'PublishOne', request, metadata)
}

test('one stream publishes to several topics', async (t) => {
  const { grpcPort } = await embedGrpc(t)
  const client = new GrpcClient(t, grpcPort)
  const [a, b, meta, standard] = await Promise.all([
    client.subscribeV1({ topic: 'a' }), client.subscribeV1({ topic: 'b' }), client.subscribeV1({}, withTopic('meta')), client.subscribeV1({}),
  ])
  const publisher = client.publisherV1(withTopic('meta'))
  publisher.send({ author: 1, data: 'to a', topic: 'a' })
  publisher.send({ author: 2, data: 'to b', topic: 'b' })
  publisher.send({ author: 3, data: 'to the metadata\'s' })
  publisher.send({ author: 4, data: 'to a again', topic: 'a' })
  t.strictSame(await publisher.end(), { status: 'ok', messages: 4 })
  await publishOne(client, { author: 5, data: 'to the default' })
  await Promise.all([a.has(2), b.has(1), meta.has(1), standard.has(1)])
  t.strictSame(a.received.map(({ data }) => data), ['to a', 'to a again'])
  t.match(b.received, [{ author: 2, data: 'to b' }])
  t.match(meta.received, [{ author: 3 }])
  t.match(standard.received, [{ author: 5 }])
})

test('PublishOne', async (t) => {
  const { grpcPort } = await embedGrpc(t)
  const client = new GrpcClient(t, grpcPort)
  const stream = await client.subscribeV1({ topic: 'one' })
  t.strictSame(await publishOne(client, { author: 7, data: 'hello', topic: 'one' }), { status: 'ok', messages: 1 })
  t.strictSame(await publishOne(client, { author: 8, data: 'there' }, withTopic('one')), { status: 'ok', messages: 1 })
  await stream.has(2)
  t.match(stream.received, [{ author: 7, data: 'hello' }, { author: 8, data: 'there' }])
})

test('both services have the same topics', async (t) => {
  const { grpcPort } = await embedGrpc(t)
  const client = new GrpcClient(t, grpcPort)
  const [old, v1] = await Promise.all([client.subscribe('shared'), client.subscribeV1({ topic: 'shared' })])
  await client.publish({ author: 1, data: 'contract' }, 'shared')
  await publishOne(client, { author: 2, data: 'broker.v1', topic: 'shared' })
  for (const stream of [old, v1]) {
    await stream.has(2)
    t.match(stream.received, [{ author: 1, data: 'contract' }, { author: 2, data: 'broker.v1' }])
  }
})
