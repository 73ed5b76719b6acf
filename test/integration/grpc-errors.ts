/** Which status answers what, seen by @grpc/grpc-js and by plain HTTP/2. */

import { Metadata, status } from '@grpc/grpc-js'
import { connect } from 'node:http2'
import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { eventually, soon } from './support/eventually.js'
import { embedGrpc } from './support/grpc-broker.js'
import { GrpcClient } from './support/grpc-client.js'
import { messageService, v1Service } from './support/grpc-services.js'

interface Test {
  teardown(task: () => unknown): void
}

test('an unknown method: UNIMPLEMENTED', async (t) => {
  const { grpcPort } = await startBroker(t)
  const { Publish } = messageService
  const unknown = { Frob: { ...Publish, path: '/MessageService/Frob' } } as unknown as typeof messageService
  await t.rejects(new GrpcClient(t, grpcPort).unary(unknown, 'Frob', {}), { code: status.UNIMPLEMENTED, details: 'unknown method' })
})

test('a message over the limit: RESOURCE_EXHAUSTED, also when its prefix alone has come; the connection lives on', async (t) => {
  const { grpcPort } = await startBroker(t, { args: ['--set', 'limits.messageBytesMax=1KiB'] })
  const client = new GrpcClient(t, grpcPort)
  const ear = await client.subscribe()
  await t.rejects(client.publish({ author: 1, data: 'x'.repeat(1025) }), { code: status.RESOURCE_EXHAUSTED })
  t.strictSame(await client.publish({ author: 1, data: 'x'.repeat(1000) }), { status: 'ok' })
  await ear.has(1)
  t.equal(ear.received[0]?.data.length, 1000)
  t.match(await bare(t, grpcPort, {}, Buffer.from([0, 0, 0, 4, 1])), { ':status': 200, 'grpc-status': '8' })
})

test('malformed protobuf: INVALID_ARGUMENT', async (t) => {
  const { grpcPort } = await startBroker(t)
  for (const broken of [[0x12, 0x05, 0x61], [0xff, 0xff, 0xff], [0x12, 0x02, 0xc3, 0x28]]) {
    const message = Buffer.from([0, 0, 0, 0, broken.length, ...broken])
    t.match(await bare(t, grpcPort, {}, message), { ':status': 200, 'grpc-status': '3' }, broken.join())
  }
})

test('a compressed message: UNIMPLEMENTED', async (t) => {
  const { grpcPort } = await startBroker(t)
  const compressing = new GrpcClient(t, grpcPort, { 'grpc.default_compression_algorithm': 2 })
  await t.rejects(compressing.publish({ author: 1, data: 'x'.repeat(500) }), { code: status.UNIMPLEMENTED })
  const flagged = Buffer.from([1, 0, 0, 0, 0])
  t.match(await bare(t, grpcPort, { 'grpc-encoding': 'gzip' }, flagged), { 'grpc-status': '12', 'grpc-accept-encoding': 'identity' })
  t.match(await bare(t, grpcPort, { 'grpc-encoding': 'identity' }, flagged), { 'grpc-status': '13', 'grpc-accept-encoding': undefined })
  t.match(await bare(t, grpcPort, {}, flagged), { 'grpc-status': '13' }, 'compressed, and nothing says how')
})

test('several topics in the metadata: INVALID_ARGUMENT', async (t) => {
  const { grpcPort } = await startBroker(t)
  const client = new GrpcClient(t, grpcPort)
  const topics = new Metadata()
  topics.add('topic', 'a')
  topics.add('topic', 'b')
  await t.rejects(client.unary(v1Service, 'PublishOne', { author: 1, data: 'x' }, topics), {
    code: status.INVALID_ARGUMENT, details: 'the metadata names several topics',
  })
  await t.rejects(client.subscribe('a, b'), { code: status.INVALID_ARGUMENT })
})

test('a timeout that is none: INTERNAL; one that has come: DEADLINE_EXCEEDED', async (t) => {
  const { grpcPort } = await startBroker(t)
  const nothing = Buffer.alloc(0)
  t.match(await bare(t, grpcPort, { 'grpc-timeout': 'soon' }, nothing), { ':status': 200, 'grpc-status': '13' })
  t.match(await bare(t, grpcPort, { 'grpc-timeout': '100m' }, nothing), { ':status': 200, 'grpc-status': '4' })
})

test('a topic that is none: INVALID_ARGUMENT', async (t) => {
  const { grpcPort } = await startBroker(t)
  const client = new GrpcClient(t, grpcPort)
  const refused = { code: status.INVALID_ARGUMENT }
  await t.rejects(client.subscribe('x'.repeat(201)), refused)
  await t.rejects(client.publish({ author: 1, data: 'x' }, 'x'.repeat(201)), refused)
  for (const topic of ['a\nb', 'x'.repeat(201)]) {
    await t.rejects(client.subscribeV1({ topic }), refused)
    await t.rejects(client.unary(v1Service, 'PublishOne', { author: 1, data: 'x', topic }), refused)
    await t.rejects(client.unary(v1Service, 'Last', { topic }), refused)
  }
})

test('too many topics: RESOURCE_EXHAUSTED', async (t) => {
  const { grpcPort } = await embedGrpc(t, { limits: { topicsMax: 1 } })
  const client = new GrpcClient(t, grpcPort)
  await client.subscribe('one')
  await t.rejects(client.subscribe('two'), { code: status.RESOURCE_EXHAUSTED })
})

test('too many streams of all connections: UNAVAILABLE, and room again when some end', async (t) => {
  const { grpcPort, stat } = await embedGrpc(t, { grpc: { streamsMax: 3 } })
  const clients = [new GrpcClient(t, grpcPort), new GrpcClient(t, grpcPort)] as const
  const streams = await Promise.all([clients[0].subscribe(), clients[0].subscribe(), clients[1].subscribe()])
  await t.rejects(clients[1].subscribe(), { code: status.UNAVAILABLE, details: 'too many streams' })
  streams[0].call.cancel()
  await eventually('its end', () => stat('streams_now') < 3)
  await clients[1].subscribe()
})

test('a client whose connection has no stream left waits until one ends', async (t) => {
  const { grpcPort, stat } = await embedGrpc(t, { grpc: { streamsPerConnectionMax: 2 } })
  const client = new GrpcClient(t, grpcPort)
  const [first] = await Promise.all([client.subscribe(), client.subscribe()])
  let told = false
  const third = client.subscribe().then(() => { told = true })
  await new GrpcClient(t, grpcPort).subscribe() // of another connection
  t.equal(stat('streams_now'), 3)
  t.notOk(told)
  first.call.cancel()
  await third
})

/** One POST to Publish by node:http2; a null removes a header. @returns all headers of the answer, trailers included. */
async function bare(t: Test, port: number, changes: Readonly<Record<string, string | null>>, body: Buffer): Promise<Record<string, unknown>> {
  const session = connect(`http://127.0.0.1:${port}`)
  t.teardown(() => session.destroy())
  session.on('error', () => {})
  const headers = { ':method': 'POST', ':path': '/MessageService/Publish', 'content-type': 'application/grpc', te: 'trailers', ...changes }
  const stream = session.request(Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== null)) as Record<string, string>)
  const heard: Record<string, unknown> = {}
  stream.on('response', (fields) => Object.assign(heard, fields))
  stream.on('trailers', (fields) => Object.assign(heard, fields))
  stream.on('error', () => {})
  stream.resume()
  stream.write(body)
  await soon('the end of a stream', new Promise((resolve) => { stream.once('end', resolve); stream.once('close', resolve) }))
  session.destroy()
  return heard
}

test('what does not speak gRPC is told by HTTP statuses', async (t) => {
  const { grpcPort } = await startBroker(t)
  const nothing = Buffer.alloc(5)
  t.match(await bare(t, grpcPort, { 'content-type': 'application/json' }, nothing), { ':status': 415 })
  t.match(await bare(t, grpcPort, { 'content-type': null }, nothing), { ':status': 415 })
  t.match(await bare(t, grpcPort, { 'content-type': 'application/grpc-web' }, nothing), { ':status': 415 })
  t.match(await bare(t, grpcPort, { ':method': 'PUT' }, nothing), { ':status': 405 })
  t.match(await bare(t, grpcPort, { te: null }, nothing), { ':status': 200, 'grpc-status': '3' })
  t.match(await bare(t, grpcPort, { cookie: 'x'.repeat(20_000) }, nothing), { ':status': 431 })
  for (const type of ['application/grpc+proto', 'application/grpc; charset=utf-8']) {
    t.match(await bare(t, grpcPort, { 'content-type': type, ':path': '/x' }, nothing), { ':status': 200, 'grpc-status': '12' }, type)
  }
})

test('HTTP/1.1 is not spoken here', async (t) => {
  const { grpcPort } = await startBroker(t)
  await t.rejects(fetch(`http://127.0.0.1:${grpcPort}/`))
  t.strictSame(await new GrpcClient(t, grpcPort).publish({ author: 1, data: 'x' }), { status: 'ok' }, 'and the broker lives on')
})
