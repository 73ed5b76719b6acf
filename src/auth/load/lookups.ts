/**
 * Credentials that are being looked at: each once, however many ask for it meanwhile, a few at one time, the others in their order. Right
 * before a look it is asked again whether the address may still be looked at: what a burst of false credentials costs ends with its first.
 */

import { nobody, type Looked } from '../principal.js'

export interface LookupBounds {
  /** Looks at one time. */
  readonly atOnceMax: number
  /** Different credentials that wait, at most. */
  readonly waitingMax: number
  /** How long one may wait, in milliseconds. */
  readonly waitMsMax: number
}

interface Waiting {
  readonly digest: string
  readonly since: number
  readonly isOver: () => boolean
  readonly run: () => Promise<Looked>
  /** Null: was not looked at, because of who asked first. */
  readonly resolve: (looked: Looked | null) => void
}

export class Lookups {
  readonly #bounds: LookupBounds
  readonly #monotonicMs: () => number
  readonly #pending = new Map<string, Promise<Looked | null>>()
  readonly #waiting = new Set<Waiting>()
  #running = 0
  #isScheduled = false

  constructor(bounds: LookupBounds, monotonicMs: () => number) {
    this.#bounds = bounds
    this.#monotonicMs = monotonicMs
  }

  /**
   * What `run` finds, or somebody else's that runs for the same digest; rejects as it does. `isOver`: whether too many credentials of this
   * address have failed to look at another one.
   */
  async look(digest: string, isOver: () => boolean, run: () => Promise<Looked>): Promise<Looked> {
    for (;;) {
      if (isOver()) return nobody('too-many-failures', 'other credentials of this address have failed meanwhile')
      const looked = await (this.#pending.get(digest) ?? this.#enqueue(digest, isOver, run))
      if (looked !== null) return looked
    }
  }

  #enqueue(digest: string, isOver: () => boolean, run: () => Promise<Looked>): Promise<Looked | null> {
    if (this.#waiting.size >= this.#bounds.waitingMax) return Promise.resolve(nobody('busy', 'too many credentials wait to be looked at'))
    const looked = new Promise<Looked | null>((resolve) => {
      this.#waiting.add({ digest, since: this.#monotonicMs(), isOver, run, resolve })
    })
    this.#pending.set(digest, looked)
    this.#schedule()
    return looked
  }

  /** In a later turn: what has just failed is counted by then, and the event loop turns between looks. */
  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#next()
    })
  }

  #next(): void {
    for (const waiting of this.#waiting) {
      if (this.#running >= this.#bounds.atOnceMax) return
      this.#waiting.delete(waiting)
      if (waiting.isOver()) this.#end(waiting, null)
      else if (this.#monotonicMs() - waiting.since > this.#bounds.waitMsMax) this.#end(waiting, nobody('busy', 'it waited too long to be looked at'))
      else void this.#run(waiting)
    }
  }

  async #run(waiting: Waiting): Promise<void> {
    this.#running++
    const looked = await waiting.run().catch((error: unknown) => nobody('failed', `looking failed: ${String(error)}`))
    this.#running--
    this.#end(waiting, looked)
    if (this.#waiting.size > 0) this.#schedule()
  }

  #end({ digest, resolve }: Waiting, looked: Looked | null): void {
    this.#pending.delete(digest)
    resolve(looked)
  }
}
