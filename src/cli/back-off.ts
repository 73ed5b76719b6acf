/** How long to wait before trying again: longer each time, and not as long as everybody else. */

const firstMs = 250
const longestMs = 10_000

export class BackOff {
  readonly #random: () => number
  #nextMs = firstMs

  /** `random`: 0..1, without 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** The next wait in milliseconds: 250 ms, doubled up to 10 s, of which a random half to the whole. */
  next(): number {
    const ms = this.#nextMs
    this.#nextMs = Math.min(ms * 2, longestMs)
    return Math.round(ms * (1 + this.#random()) / 2)
  }

  /** It worked: the next wait is the shortest one. */
  reset(): void {
    this.#nextMs = firstMs
  }
}
