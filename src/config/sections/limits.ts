/** What bounds connections, messages and memory. The engine gets every key of it as a number (src/native/binding.ts). */

import type { z } from 'zod'
import { bytes, count, section } from '../fields.js'
import { GiB, KiB, MiB } from '../units.js'

export const limits = section({
  /** Connections at one time. Default: what the limit of open files allows, and memory. */
  connectionsMax: count(1, 10_000_000).optional(),
  /** Connections of one peer address at one time. Default: connectionsMax. */
  connectionsPerAddressMax: count(1, 10_000_000).optional(),
  messageBytesMax: bytes(1, 16 * MiB).default(64 * KiB),
  fragmentsPerMessageMax: count(1, 1_000_000).default(1024),
  controlFramesPerSecondMax: count(1, 65_534).default(100),
  handshakeBytesMax: bytes(1 * KiB, 1 * MiB).default(16 * KiB),
  handshakeHeadersMax: count(1, 1000).default(100),
  topicBytesMax: bytes(1, 1024).default(200),
  topicsPerConnectionMax: count(1, 1024).default(64),
  /** Default: by memory, at most 100,000. */
  topicsMax: count(1, 10_000_000).optional(),
  /** All topic logs together. Default: by memory, at most 256 MiB; more where messageBytesMax needs it. */
  logBytesMax: bytes(1 * MiB, 64 * GiB).optional(),
  /**
   * Messages and request heads that came in part, of all connections but gRPC's: over it those that hold more than their part end.
   * Default: by memory, at most 256 MiB; more where messageBytesMax needs it.
   */
  receiveBufferBytesMax: bytes(1 * MiB, 64 * GiB).optional(),
  /** Idempotency-Keys that are remembered for a topic, and for all: who sends one again by POST is told where it was published first. */
  idempotencyKeysPerTopicMax: count(0, 1_000_000).default(1000),
  idempotencyKeysMax: count(0, 10_000_000).default(100_000),
  /** SO_SNDBUF asked of the kernel for each connection (which doubles it). Default: by memory, 16 to 64 KiB. */
  sendBufferBytes: bytes(4 * KiB, 4 * MiB).optional(),
})

export type LimitsConfig = z.output<typeof limits>
