/** A subscriber that does not read, next to one that does. */

import type { SlowConsumerRule } from '../../../src/index.js'
import { embed, type Embedded } from './embedded.js'
import { patienceMs } from './eventually.js'
import { closeOf, opcodes, type Frame } from './frames.js'
import { openRaw, type RawClient } from './raw-client.js'
import { connect, type Client } from './ws-client.js'

interface Test {
  teardown(task: () => unknown): void
}

export interface Stuck extends Embedded {
  readonly healthy: Client
  readonly stuck: RawClient
  /** Publishes `count` numbered messages of 1000 bytes, never more at once than the healthy subscriber keeps up with. */
  publish(count: number): Promise<void>
}

export const topic = 'slow'
const messageBytes = 1000
const burst = 32

export function numbered(number: number): string {
  return String(number).padEnd(messageBytes, '.')
}

/** Starts a broker with that rule and both subscribers; the stuck one has stopped reading. */
export async function startStuck(t: Test, rule: Omit<SlowConsumerRule, 'topics'>, closeMs = patienceMs): Promise<Stuck> {
  const embedded = await embed(t, {
    limits: { messageBytesMax: 1024 }, timeouts: { closeMs }, slowConsumers: [{ ...rule, topics: '*' }],
  })
  const healthy = await connect(t, `${embedded.subscribeUrl}/${topic}`)
  const stuck = await openRaw(t, embedded.subscribePort, `/${topic}`)
  stuck.socket.pause()
  let next = 0
  return {
    ...embedded, healthy, stuck,
    async publish(count) {
      for (const until = next + count; next < until;) {
        for (let some = 0; some < burst && next < until; some += 1, next += 1) embedded.broker.publish(topic, numbered(next))
        await healthy.has(next)
      }
    },
  }
}

/** The number of a message. @throws {Error} any byte that was not published. */
function numberOf({ opcode, final, payload }: Frame): number {
  const number = Number.parseInt(payload.toString(), 10)
  if (opcode !== opcodes.text || !final || payload.toString() !== numbered(number)) {
    throw new Error(`must be a published message, got: opcode ${opcode}, ${payload.length} bytes`)
  }
  return number
}

/** Lets the stuck one read up to the message `last`, and returns the numbers of what it gets. */
export async function readUpTo(stuck: RawClient, last: number): Promise<readonly number[]> {
  stuck.socket.resume()
  const numbers: number[] = []
  while (numbers.at(-1) !== last) numbers.push(numberOf(await stuck.frame()))
  return numbers
}

/** Lets the stuck one read up to its close frame. */
export async function readToClose(stuck: RawClient): Promise<{ numbers: readonly number[]; code: number; reason: string }> {
  stuck.socket.resume()
  const numbers: number[] = []
  for (;;) {
    const frame = await stuck.frame()
    if (frame.opcode === opcodes.close) return { numbers, ...closeOf(frame) }
    numbers.push(numberOf(frame))
  }
}

/** 0, 1, 2 … */
export function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, number) => number)
}

/** What a subscriber that missed nothing has received. */
export function everything(count: number): string {
  return upTo(count).map(numbered).join()
}
