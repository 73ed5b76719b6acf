/** The largest frame that one message can become: what logs and slow-consumer limits must have room for. */

import type { BrokerConfig } from './schema.js'

/** A control character in JSON: `\u0001`; a line break in server-sent events: `data:` and another one. */
const jsonGrowth = 6
/** The same in the JSON string of a Pusher event, where the payload was JSON already: `\\u0001`. */
const nestedJsonGrowth = 7
/** What a frame has beside its message: heads of the protocols, and in a Pusher event the channel, the event and the user. */
const envelopeBytesMax = 4096

/** Of the protocols that are on; native/codec/encoding.h has the bound for all of them. */
export function frameBytesMax({ limits: { messageBytesMax }, grpc, pusher, subscribe }: BrokerConfig): number {
  const comesAsJson = grpc !== null
  const leavesAsJson = pusher.apps.length > 0
  const leavesAsEvents = subscribe !== null
  const growth = comesAsJson && leavesAsJson ? nestedJsonGrowth : comesAsJson || leavesAsJson || leavesAsEvents ? jsonGrowth : 1
  return growth * messageBytesMax + (growth > 1 ? envelopeBytesMax : 0)
}

/** What stands before each message in gRPC: a flag and its length. */
const grpcPrefixBytes = 5

/** A message as it comes over gRPC. */
export function grpcMessageBytesMax({ limits: { messageBytesMax } }: Pick<BrokerConfig, 'limits'>): number {
  return messageBytesMax + grpcPrefixBytes
}
