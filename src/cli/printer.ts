/** Prints messages one a line, at most so many. */

import type { Writable } from 'node:stream'

const newline = Buffer.from('\n')

export class Printer {
  readonly #output: Writable
  #left: number
  #finish: () => void = () => {}
  /** Resolves when the last message counted has been written; never without a count. */
  readonly done: Promise<void>

  /** `count` null prints without end. */
  constructor(output: Writable, count: number | null) {
    this.#output = output
    this.#left = count ?? Infinity
    this.done = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  /** @returns false when the output is full: the next message should wait for its 'drain'. */
  print(payload: Buffer): boolean {
    if (this.#left === 0) return true
    this.#left -= 1
    const onWritten = this.#left === 0 ? () => this.#finish() : () => {}
    return this.#output.write(Buffer.concat([payload, newline]), onWritten)
  }
}
