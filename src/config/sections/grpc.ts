/** gRPC: where it is spoken, and how many calls and bytes it may hold. */

import type { z } from 'zod'
import { bytes, count, section } from '../fields.js'
import { GiB, KiB, MiB } from '../units.js'
import { listenerWays } from './auth.js'
import { hosts, port, proxyProtocol } from './listener.js'
import { listenerTls } from './tls.js'

export const grpc = section({
  /** Addresses to listen on. Default: 127.0.0.1, and ::1 where the machine has it. */
  hosts: hosts(),
  port: port(50_051),
  proxyProtocol: proxyProtocol(),
  auth: listenerWays(),
  tls: listenerTls(),
  /** Calls open at one time on one connection; told to clients, and refused over it. */
  streamsPerConnectionMax: count(1, 1_000_000).default(100_000),
  /** Calls open at one time on all connections; UNAVAILABLE over it. Default: by memory, at most 1,000,000. */
  streamsMax: count(1, 10_000_000).optional(),
  /** Messages that came in part, and apart from them answers that are not read, of one connection. Default: 8 MiB; more where messageBytesMax needs it. */
  bufferBytesPerConnectionMax: bytes(64 * KiB, 1 * GiB).optional(),
  /**
   * The same of all connections: over it those that hold more than their part end. Default: by memory, at most 256 MiB, at least
   * bufferBytesPerConnectionMax.
   */
  bufferBytesMax: bytes(1 * MiB, 64 * GiB).optional(),
})

export type GrpcConfig = z.output<typeof grpc>

/** What the engine is told where there is no gRPC. */
export const defaultGrpc: GrpcConfig = grpc.parse({})
