/**
 * The gRPC reference tester of the message-distribution challenge, as its contract describes it, in a process of its own:
 * node grpc-reference-tester.ts PORT ITERATIONS. One connection: 1000 Subscribe streams, and a new Publish stream for each message,
 * never half-closed. Sends its result to its parent.
 */

import { Client, credentials, type ClientReadableStream } from '@grpc/grpc-js'
import { once } from 'node:events'
import type { Message } from './grpc-client.js'
import { messageService, methodOf } from './grpc-services.js'

export interface GrpcReferenceResult {
  /** For each iteration: on how many streams its message was the next one received. */
  readonly delivered: readonly number[]
  /** From before the Publish stream is opened to the last receipt. */
  readonly totalMs: readonly number[]
}

const subscribers = 1000
const [port = '', iterations = '100'] = process.argv.slice(2)
const publish = methodOf(messageService, 'Publish')
const subscribe = methodOf(messageService, 'Subscribe')

async function run(): Promise<GrpcReferenceResult> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
  let expected = -1
  let delivered = 0
  let complete = (): void => {}
  const streams = Array.from({ length: subscribers }, (_, at) => {
    const call = client.makeServerStreamRequest(subscribe.path, subscribe.requestSerialize, subscribe.responseDeserialize, { subscriber: `s${at}` })
    call.on('data', ({ author, data }: Message) => {
      if (author === expected && data === 'Test message') delivered += 1
      if (delivered === subscribers) complete()
    })
    return call as ClientReadableStream<Message>
  })
  await Promise.all(streams.map((stream) => once(stream, 'metadata')))
  const result = { delivered: [] as number[], totalMs: [] as number[] }
  for (let author = 0; author < Number(iterations); author += 1) {
    expected = author
    delivered = 0
    const all = new Promise<void>((resolve) => { complete = resolve })
    const startMs = performance.now()
    const publisher = client.makeClientStreamRequest(publish.path, publish.requestSerialize, publish.responseDeserialize, () => {})
    publisher.on('error', () => {}) // at the end of everything
    publisher.write({ author, data: 'Test message' })
    await all
    result.totalMs.push(performance.now() - startMs)
    result.delivered.push(delivered)
  }
  return result
}

run().then(
  (result) => process.send?.(result, () => process.exit()),
  (error: Error) => process.send?.({ error: error.message }, () => process.exit(1)),
)
