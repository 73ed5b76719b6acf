/** How long to wait before connecting again: a random part of a time that doubles, so that those who were cut together do not come together. */

export class BackOff {
  readonly #firstMs: number
  readonly #mostMs: number
  #tries = 0

  constructor(firstMs: number, mostMs: number) {
    this.#firstMs = firstMs
    this.#mostMs = mostMs
  }

  /** Full jitter: 0 to what has doubled since `reset`. */
  next(): number {
    const ms = Math.min(this.#mostMs, this.#firstMs * 2 ** this.#tries)
    this.#tries = Math.min(this.#tries + 1, 30)
    return Math.round(Math.random() * ms)
  }

  /** It worked: the next wait is one of the short ones. */
  reset(): void {
    this.#tries = 0
  }
}
