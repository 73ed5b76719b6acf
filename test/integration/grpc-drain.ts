/** SIGTERM with gRPC clients: everything that was published arrives, then UNAVAILABLE. */

import { status } from '@grpc/grpc-js'
import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { GrpcClient } from './support/grpc-client.js'

test('subscribers have everything and are told that the broker ends', async (t) => {
  const broker = await startBroker(t, { args: ['--drain-ms', '20s'] })
  const clients = Array.from({ length: 5 }, () => new GrpcClient(t, broker.grpcPort))
  const streams = (await Promise.all(clients.map((client) => Promise.all(Array.from({ length: 20 }, () => client.subscribe()))))).flat()
  const publisher = new GrpcClient(t, broker.grpcPort).publisher()
  for (let author = 0; author < 50; author += 1) publisher.send({ author, data: 'x'.repeat(1000) })
  await publisher.end()
  const exit = broker.stop()
  for (const stream of streams) {
    t.match(await stream.ended(), { code: status.UNAVAILABLE, details: 'shutting down' })
    t.equal(stream.received.length, 50)
  }
  t.strictSame(await exit, { code: 0, signal: null })
  t.equal(broker.stderr(), '')
})

test('a publisher that was not done is told; what it had sent was published', async (t) => {
  const broker = await startBroker(t, { args: ['--drain-ms', '10s'] })
  const stream = await new GrpcClient(t, broker.grpcPort).subscribe()
  const publisher = new GrpcClient(t, broker.grpcPort).publisher()
  publisher.send({ author: 1, data: 'in time' })
  await stream.has(1)
  const exit = broker.stop()
  t.match(await publisher.ended(), { code: status.UNAVAILABLE })
  t.match(await stream.ended(), { code: status.UNAVAILABLE })
  t.strictSame(await exit, { code: 0, signal: null })
})

test('a client that comes later is refused', async (t) => {
  const broker = await startBroker(t, { args: ['--drain-ms', '10s'] })
  const client = new GrpcClient(t, broker.grpcPort)
  await client.subscribe()
  await broker.stop()
  await t.rejects(client.publish({ author: 1, data: 'x' }), { code: status.UNAVAILABLE })
})
