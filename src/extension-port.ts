/** What extensions have of a running broker. */

import type { ExtensionPort } from './extension.js'
import type { EngineStats, NativeEngine, WarningEvent } from './native/binding.js'

/** The engine's counters and gauges, and those of what works beside it. */
export class Counters {
  readonly #engine: NativeEngine
  readonly #beside = new Map<string, { readonly help: string, readonly read: () => number }>()

  constructor(engine: NativeEngine) {
    this.#engine = engine
  }

  add(name: string, help: string, read: () => number): void {
    this.#beside.set(name, { help, read })
  }

  /** What each of them counts. */
  explain(): Readonly<Record<string, string>> {
    return { ...this.#engine.explainStats(), ...Object.fromEntries([...this.#beside].map(([name, { help }]) => [name, help])) }
  }

  read(): EngineStats {
    return { ...this.#engine.stats(), ...Object.fromEntries([...this.#beside].map(([name, { read }]) => [name, read()])) }
  }
}

export function portOf(engine: NativeEngine, counters: Counters, emitWarning: (event: WarningEvent) => void): ExtensionPort {
  return {
    engine,
    warn: (name, message) => emitWarning({ type: 'warning', name, message }),
    count: (name, help, read) => counters.add(name, help, read),
    explainStats: () => counters.explain(),
  }
}
