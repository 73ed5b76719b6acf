/** What a broker tells its program, and what it is given to start with. */

import type { ConnectionEvent, DisconnectEvent, EngineEvent, NativeEngine, SlowEvent, WarningEvent } from './native/binding.js'

export interface BrokerEvents {
  connection: [event: ConnectionEvent]
  disconnect: [event: DisconnectEvent]
  /** A subscriber met a slow-consumer rule. */
  slow: [event: SlowEvent]
  /** Something an operator should know; the same `name` may repeat often. */
  warning: [event: WarningEvent]
  /** What a listener of another event threw. As with every emitter, it is thrown again when nobody listens. */
  error: [error: unknown]
}

export type BrokerListener<Name extends keyof BrokerEvents> = (...args: BrokerEvents[Name]) => void

export interface CloseOptions {
  /** Milliseconds over which connections are closed, 0..3600000; 0 closes all at once. Default: timeouts.drainMs. */
  readonly drainMs?: number
}

/** Starts an engine that hands its events to `onEvents`. */
export type StartEngine = (onEvents: (events: readonly EngineEvent[]) => void) => NativeEngine
