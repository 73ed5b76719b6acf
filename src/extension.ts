/** The contract of what works on top of the engine beside its broker: api-extension.ts, pusher-extension.ts. */

import type { BoundHttp } from './http/contract.js'
import type { AuthAskedEvent, HttpConnectionEvent, NativeEngine, SessionEvent } from './native/binding.js'

/** What works on top of the engine in the same process: it is told of the engine's events for it, and ends with the broker. */
export interface BrokerExtension {
  /** Where it listens by itself. */
  readonly bound?: readonly BoundHttp[]
  /** Session and HTTP events; throwing is a fault of the extension and is emitted as `error`. */
  onEvent(event: SessionEvent | HttpConnectionEvent): void
  /** Somebody waits to be let in; as onEvent. */
  onAsked?(event: AuthAskedEvent): void
  /** The broker has begun to close: answer that no more work is welcome. */
  beginDrain(): void
  /** The engine has ended: finish what is under way, all within `ms`. */
  close(ms: number): Promise<void>
}

/** What an extension may do with its broker. */
export interface ExtensionPort {
  readonly engine: NativeEngine
  /** Emits a `warning`. */
  warn(name: string, message: string): void
  /** A counter of something beside the engine, shown with the engine's own; `help` says what it counts, `read` never decreases. */
  count(name: string, help: string, read: () => number): void
  /** What each figure of Broker.stats counts, by its name. */
  explainStats(): Readonly<Record<string, string>>
}
