/** Sizes that the configuration leaves open: as much as the memory allows, and as much as what it does say needs. */

import { frameBytesMax, grpcMessageBytesMax } from '../config/frame-bytes.js'
import type { BrokerConfig } from '../config/schema.js'
import { defaultGrpc } from '../config/sections/grpc.js'
import { defaultSlowRule } from '../config/sections/slow-consumers.js'
import type { MemoryShares } from '../machine/memory-shares.js'
import type { EngineOptions, SlowConsumerRule } from '../native/binding.js'

type Sizes = Pick<EngineOptions['limits'], 'topicsMax' | 'logBytesMax' | 'receiveBufferBytesMax' | 'sendBufferBytes'>

const MiB = 2 ** 20
const bytesBehindUsual = 16 * MiB
const connectionBufferUsual = 8 * MiB

/** What publications wait in: a message four times over, its largest frame twice (config/cross-checks.ts says why). */
function roomForMessages(config: BrokerConfig): number {
  return Math.max(config.limits.messageBytesMax * 4, frameBytesMax(config) * 2)
}

export function resolveSizes(config: BrokerConfig, shares: MemoryShares): Sizes {
  const { messageBytesMax, topicsMax, logBytesMax, receiveBufferBytesMax, sendBufferBytes } = config.limits
  return {
    topicsMax: topicsMax ?? shares.topicsMax,
    logBytesMax: logBytesMax ?? Math.max(shares.logBytesMax, roomForMessages(config)),
    receiveBufferBytesMax: receiveBufferBytesMax ?? Math.max(shares.receiveBufferBytesMax, messageBytesMax * 2),
    sendBufferBytes: sendBufferBytes ?? shares.sendBufferBytes,
  }
}

export function resolveGrpc(config: BrokerConfig, shares: MemoryShares): EngineOptions['grpc'] {
  const { hosts: _, port: _port, proxyProtocol: _proxyProtocol, auth: _auth, tls: _tls, ...numbers } = config.grpc ?? defaultGrpc
  const { streamsMax, bufferBytesPerConnectionMax: explicit, bufferBytesMax } = numbers
  // Beside an explicit bound of all connections together, one has no more than that.
  const usual = Math.min(connectionBufferUsual, bufferBytesMax ?? connectionBufferUsual)
  const bufferBytesPerConnectionMax = explicit ?? Math.max(usual, grpcMessageBytesMax(config))
  return {
    ...numbers,
    streamsMax: streamsMax ?? shares.streamsMax,
    bufferBytesPerConnectionMax,
    bufferBytesMax: bufferBytesMax ?? Math.max(shares.streamBufferBytesMax, bufferBytesPerConnectionMax),
  }
}

/** The last rule is for every topic. */
export function resolveSlowConsumers(config: BrokerConfig): SlowConsumerRule[] {
  const { slowConsumers, slowPolicy } = config
  const standard = { ...defaultSlowRule, policy: slowPolicy ?? defaultSlowRule.policy }
  const rules = slowConsumers.at(-1)?.topics === '*' ? slowConsumers : [...slowConsumers, standard]
  const usual = Math.max(bytesBehindUsual, roomForMessages(config))
  return rules.map(({ topics, policy, bytesBehindMax, ageMaxMs }) => ({ topics, policy, bytesBehindMax: bytesBehindMax ?? usual, ageMaxMs }))
}

export function resolveRetain({ retain, responder, limits }: BrokerConfig, shares: MemoryShares): EngineOptions['retain'] {
  const topics = retain.topics ?? (responder?.reply === 'last' ? ['*'] : [])
  const topicsMax = Math.min(retain.topicsMax, Math.ceil((limits.topicsMax ?? shares.topicsMax) / 2))
  return { topics, topicsMax, bytesMax: retain.bytesMax ?? Math.max(shares.retainedBytesMax, limits.messageBytesMax * 4) }
}

/** A topic with a history is kept in memory for it; names that come anew are to find room beside them. */
export function resolveHistory({ history, historyBytesMax, limits }: BrokerConfig, shares: MemoryShares): EngineOptions['history'] {
  const topicsMax = Math.max(1, Math.floor((limits.topicsMax ?? shares.topicsMax) / 4))
  return { rules: history, bytesMax: historyBytesMax ?? Math.max(shares.historyBytesMax, limits.messageBytesMax * 4), topicsMax }
}
