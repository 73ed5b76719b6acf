/** Sizes that the configuration leaves open: as much as the memory allows, and as much as what it does say needs. */

import { frameBytesMax } from './config/frame-bytes.js'
import { defaultGrpc, type BrokerConfig } from './config/schema.js'
import type { MemoryShares } from './machine/memory-shares.js'
import type { EngineOptions } from './native/binding.js'

type Sizes = Pick<EngineOptions['limits'], 'topicsMax' | 'logBytesMax' | 'receiveBufferBytesMax' | 'sendBufferBytes'>

export function resolveSizes(config: BrokerConfig, shares: MemoryShares): Sizes {
  const { messageBytesMax, topicsMax, logBytesMax, receiveBufferBytesMax, sendBufferBytes } = config.limits
  return {
    topicsMax: topicsMax ?? shares.topicsMax,
    logBytesMax: logBytesMax ?? Math.max(shares.logBytesMax, messageBytesMax * 4, frameBytesMax(config) * 2),
    receiveBufferBytesMax: receiveBufferBytesMax ?? Math.max(shares.receiveBufferBytesMax, messageBytesMax * 2),
    sendBufferBytes: sendBufferBytes ?? shares.sendBufferBytes,
  }
}

export function resolveGrpc(config: BrokerConfig, shares: MemoryShares): EngineOptions['grpc'] {
  const { streamsPerConnectionMax, streamsMax, bufferBytesPerConnectionMax, bufferBytesMax } = config.grpc ?? defaultGrpc
  return {
    streamsPerConnectionMax,
    streamsMax: streamsMax ?? shares.streamsMax,
    bufferBytesPerConnectionMax,
    bufferBytesMax: bufferBytesMax ?? Math.max(shares.streamBufferBytesMax, bufferBytesPerConnectionMax),
  }
}

export function resolveRetain({ retain, responder, limits }: BrokerConfig, shares: MemoryShares): EngineOptions['retain'] {
  const topics = retain.topics ?? (responder?.reply === 'last' ? ['*'] : [])
  const topicsMax = Math.min(retain.topicsMax, Math.ceil((limits.topicsMax ?? shares.topicsMax) / 2))
  return { topics, topicsMax, bytesMax: retain.bytesMax ?? Math.max(shares.retainedBytesMax, limits.messageBytesMax * 4) }
}
