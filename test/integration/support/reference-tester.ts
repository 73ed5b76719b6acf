/**
 * The reference tester of the message-distribution challenge, as its contract describes it, in a process of its own:
 * node reference-tester.ts PUBLISH_URL SUBSCRIBE_URL. Sends its result to its parent.
 */

import { WebSocket } from 'ws'

export interface ReferenceResult {
  /** Clients that received `Test message` as their first message. */
  readonly delivered: number
  /** Messages in all; more than `delivered` means duplicates. */
  readonly messages: number
  /** From before the publisher connects to the last receipt. */
  readonly totalMs: number
  /** From the first receipt to the last one. */
  readonly spreadMs: number
}

const clients = 1000
const message = 'Test message'
const [publishUrl = '', subscribeUrl = ''] = process.argv.slice(2)

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve())
    socket.once('error', reject)
  })
}

async function run(): Promise<ReferenceResult> {
  const sockets = Array.from({ length: clients }, () => new WebSocket(subscribeUrl))
  let delivered = 0
  let messages = 0
  let firstMs = 0
  const all = new Promise<void>((resolve) => {
    for (const socket of sockets) {
      socket.on('message', () => { messages += 1 })
      socket.once('message', (data: Buffer, binary) => {
        firstMs ||= performance.now()
        if (!binary && data.toString() === message) delivered += 1
        if (delivered === clients) resolve()
      })
    }
  })
  await Promise.all(sockets.map(opened))
  const startMs = performance.now()
  const publisher = new WebSocket(publishUrl)
  publisher.once('open', () => publisher.send(message))
  await all
  const lastMs = performance.now()
  for (const socket of [publisher, ...sockets]) socket.terminate()
  return { delivered, messages, totalMs: lastMs - startMs, spreadMs: lastMs - firstMs }
}

run().then(
  (result) => process.send?.(result),
  (error: Error) => {
    process.exitCode = 1
    process.send?.({ error: error.message })
  },
).finally(() => process.disconnect())
