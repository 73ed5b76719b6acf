/** What a broker tells its program. */

import type { ConnectionEvent, DisconnectEvent, SlowEvent, WarningEvent } from './native/binding.js'

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
