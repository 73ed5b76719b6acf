/** Runs many small tasks in their order without holding the event loop: it turns at least every few milliseconds. */

/** What the tasks of one turn may take together, in milliseconds. One that is begun is finished. */
export const turnMs = 1

export class Turns {
  readonly #monotonicMs: () => number
  #tasks: (() => void)[] = []
  #next = 0
  #isScheduled = false

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
  }

  /** Tasks that wait. */
  get waiting(): number {
    return this.#tasks.length - this.#next
  }

  /** Runs a task soon, never within this call. It must not throw. */
  add(task: () => void): void {
    this.#tasks.push(task)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => this.#turn())
  }

  #turn(): void {
    this.#isScheduled = false
    const end = this.#monotonicMs() + turnMs
    do {
      this.#tasks[this.#next++]?.()
    } while (this.waiting > 0 && this.#monotonicMs() < end)
    this.#forgetDone()
    if (this.waiting > 0) this.#schedule()
  }

  /** Not after each turn: what waits would be moved every time. */
  #forgetDone(): void {
    if (this.#next * 2 < this.#tasks.length) return
    this.#tasks = this.#tasks.slice(this.#next)
    this.#next = 0
  }
}
