/** What becomes of payloads of other protocols for gRPC subscribers, and of gRPC messages for the others. */

import { test } from 'tap'
import { embedGrpc } from './support/grpc-broker.js'
import { GrpcClient } from './support/grpc-client.js'
import { connect } from './support/ws-client.js'

/** [a text that WebSocket clients publish, the Message]. */
const texts: readonly (readonly [payload: string, author: number, data: string])[] = [
  ['{"author":7,"data":"x"}', 7, 'x'],
  [' { "data" : "x" , "author" : -7 } ', -7, 'x'],
  ['{"author":1,"data":"\\u00fc\\n\\"\\ud83d\\udc4b"}', 1, 'ü\n"👋'],
  ['{"author":2147483647,"data":""}', 2_147_483_647, ''],
  ['{"author":1,"data":"\\ud83d"}', 1, '\ufffd'], // half of a pair: UTF-8 has no way to say it
  ...[
    'plain text', '', '{"author":1}', '{"author":"1","data":"x"}', '{"author":1.5,"data":"x"}', '{"author":2147483648,"data":"x"}',
    '{"author":1,"data":"x","more":0}', '[1,"x"]', '{"author":1,"data":"x"}x', 'null',
  ].map((payload) => [payload, 0, payload] as const),
]

test('texts: JSON of the message\'s form is one, everything else is the data of author 0', async (t) => {
  const { grpcPort, publishUrl } = await embedGrpc(t)
  const stream = await new GrpcClient(t, grpcPort).subscribe('any')
  const writer = await connect(t, `${publishUrl}/any`)
  for (const [payload] of texts) await writer.send(payload)
  await stream.has(texts.length)
  for (const [at, [payload, author, data]] of texts.entries()) t.strictSame(stream.received[at], { author, data }, JSON.stringify(payload))
})

test('bytes: those that are UTF-8 are data, others are skipped for gRPC and counted, and reach everybody else', async (t) => {
  const { grpcPort, publishUrl, subscribeUrl, stat } = await embedGrpc(t)
  const client = new GrpcClient(t, grpcPort)
  const [stream, second] = [await client.subscribe('any'), await client.subscribe('any')]
  const reader = await connect(t, `${subscribeUrl}/any`)
  const writer = await connect(t, `${publishUrl}/any`)
  const good = Buffer.from('süß')
  for (const payload of [Buffer.from([0xff, 0xfe]), good, Buffer.from([0xc3]), Buffer.from('{"author":1,"data":"b"}')]) await writer.send(payload)
  await Promise.all([stream.has(2), second.has(2), reader.has(4)])
  t.strictSame(stream.received, [{ author: 0, data: 'süß' }, { author: 1, data: 'b' }])
  t.strictSame(second.received, stream.received)
  t.equal(stat('publications_not_encodable'), 2)
  t.ok(reader.received.every(({ binary }) => binary))
})

test('gRPC messages are JSON for WebSocket subscribers, byte by byte', async (t) => {
  const { grpcPort, subscribeUrl } = await embedGrpc(t)
  const reader = await connect(t, `${subscribeUrl}/any`)
  const publisher = new GrpcClient(t, grpcPort).publisher('any')
  const sent = [{ author: 1, data: 'x' }, { author: -5, data: '' }, { author: 0, data: 'ü "q" \\ /\n\t\u0001 👋 \u2028' }]
  for (const message of sent) publisher.send(message)
  await reader.has(sent.length)
  t.strictSame(reader.texts().slice(0, 2), ['{"author":1,"data":"x"}', '{"author":-5,"data":""}'])
  t.strictSame(reader.texts().map((text) => JSON.parse(text) as unknown), sent)
  t.ok(reader.received.every(({ binary }) => !binary))
})
