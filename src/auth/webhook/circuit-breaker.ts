/** Spares a server that fails: after some failures in a row it is asked at most once in a while, until it answers. */

/** Failures in a row after which it is open. */
export const failuresInRowMax = 5

/** How often it is asked while it is open, in milliseconds. */
export const restMs = 1000

/** What a result has changed. */
export type BreakerChange = 'opened' | 'closed' | 'none'

export class CircuitBreaker {
  readonly #monotonicMs: () => number
  #failures = 0
  #askedAt = 0

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
  }

  get isOpen(): boolean {
    return this.#failures >= failuresInRowMax
  }

  /** Whether it may be asked now; then it must be, and `answered` or `failed` called. */
  mayAsk(): boolean {
    const now = this.#monotonicMs()
    if (this.isOpen && now - this.#askedAt < restMs) return false
    this.#askedAt = now
    return true
  }

  answered(): BreakerChange {
    const wasOpen = this.isOpen
    this.#failures = 0
    return wasOpen ? 'closed' : 'none'
  }

  failed(): BreakerChange {
    const wasOpen = this.isOpen
    this.#failures++
    return !wasOpen && this.isOpen ? 'opened' : 'none'
  }
}
