/** The retained last value: asked for by Last, and first on a stream that subscribes with `last` or `since`. */

import { status } from '@grpc/grpc-js'
import { test } from 'tap'
import { embedGrpc } from './support/grpc-broker.js'
import { GrpcClient, type Message, type PublishAnswer } from './support/grpc-client.js'
import { v1Service } from './support/grpc-services.js'

const retain = { topics: ['kept*'] }

function publishOne(client: GrpcClient, request: object): Promise<PublishAnswer> {
  return client.unary(v1Service, 'PublishOne', request)
}

test('Last: the retained value with its offset, NOT_FOUND without one', async (t) => {
  const { broker, grpcPort } = await embedGrpc(t, { retain })
  const client = new GrpcClient(t, grpcPort)
  const last = (topic: string) => client.unary<Message>(v1Service, 'Last', { topic })
  await t.rejects(last('kept'), { code: status.NOT_FOUND })
  for (let author = 0; author < 3; author += 1) await publishOne(client, { author, data: `value ${author}`, topic: 'kept' })
  t.strictSame(await last('kept'), { author: 2, data: 'value 2', offset: 2 })
  t.equal(broker.publish('kept', 'plain text'), 3)
  t.strictSame(await last('kept'), { author: 0, data: 'plain text', offset: 3 }, 'of any protocol')
  await publishOne(client, { author: 1, data: 'x', topic: 'other' })
  await t.rejects(last('other'), { code: status.NOT_FOUND }, 'only where topics are retained')
})

test('Subscribe with last begins with the retained value', async (t) => {
  const { grpcPort } = await embedGrpc(t, { retain })
  const client = new GrpcClient(t, grpcPort)
  await publishOne(client, { author: 1, data: 'before', topic: 'kept' })
  const [with1, with0] = await Promise.all([client.subscribeV1({ topic: 'kept', last: 1 }), client.subscribeV1({ topic: 'kept' })])
  await publishOne(client, { author: 2, data: 'after', topic: 'kept' })
  await Promise.all([with1.has(2), with0.has(1)])
  t.match(with1.received, [{ data: 'before' }, { data: 'after' }])
  t.match(with0.received, [{ data: 'after' }])
})

test('Last and then Subscribe since the next offset: nothing twice, nothing missed', async (t) => {
  const { grpcPort } = await embedGrpc(t, { retain })
  const client = new GrpcClient(t, grpcPort)
  for (const data of ['one', 'two']) await publishOne(client, { author: 1, data, topic: 'kept' })
  const { offset = 0 } = await client.unary<Message>(v1Service, 'Last', { topic: 'kept' })
  const nothingNew = await client.subscribeV1({ topic: 'kept', since: offset + 1 })
  await publishOne(client, { author: 1, data: 'three', topic: 'kept' })
  const meanwhile = await client.subscribeV1({ topic: 'kept', since: offset + 1 })
  await publishOne(client, { author: 1, data: 'four', topic: 'kept' })
  for (const stream of [nothingNew, meanwhile]) {
    await stream.has(2)
    t.strictSame(stream.received.map(({ data }) => data), ['three', 'four'])
  }
})
