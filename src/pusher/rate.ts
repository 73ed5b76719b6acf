/** So many a second: a bucket that holds a second's worth and fills as time passes. */

export class PusherRate {
  readonly #perSecondMax: number
  #left: number
  #filledAt: number

  constructor(perSecondMax: number, nowMs: number) {
    this.#perSecondMax = perSecondMax
    this.#left = perSecondMax
    this.#filledAt = nowMs
  }

  /** Counts all or none of them; false when they are over the rate. */
  take(count: number, nowMs: number): boolean {
    const gained = ((nowMs - this.#filledAt) / 1000) * this.#perSecondMax
    this.#left = Math.min(this.#perSecondMax, this.#left + gained)
    this.#filledAt = nowMs
    if (count > this.#left) return false
    this.#left -= count
    return true
  }
}
