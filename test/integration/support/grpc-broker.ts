/** A broker that speaks gRPC, inside the test's process. */

import type { BrokerOptions } from '../../../src/index.js'
import { embed, type Embedded } from './embedded.js'

interface Test {
  teardown(task: () => unknown): void
}

export interface GrpcBroker extends Embedded {
  readonly grpcPort: number
  /** A counter or gauge. */
  stat(name: string): number
}

/** Starts on free ports of 127.0.0.1. */
export async function embedGrpc(t: Test, options: BrokerOptions = {}): Promise<GrpcBroker> {
  const embedded = await embed(t, { ...options, grpc: { ...options.grpc, hosts: ['127.0.0.1'], port: 0 } })
  const { broker } = embedded
  return {
    ...embedded,
    grpcPort: broker.listeners.find(({ protocol }) => protocol === 'grpc')?.port ?? 0,
    stat(name) {
      const value = broker.stats()[name]
      if (value === undefined) throw new Error(`no such metric, got: ${name}`)
      return value
    },
  }
}
