/** Time that passes when a test says so. */

import type { Clock } from '../../../src/pusher/clock.js'

interface Task {
  readonly at: number
  readonly run: () => void
}

export class FakeClock implements Clock {
  #now = 1_000_000
  readonly #tasks = new Set<Task>()

  /** Tasks that wait. */
  get waiting(): number {
    return this.#tasks.size
  }

  now(): number {
    return this.#now
  }

  after(ms: number, run: () => void): () => void {
    const task = { at: this.#now + ms, run }
    this.#tasks.add(task)
    return () => this.#tasks.delete(task)
  }

  /** Runs what falls due, oldest first, and what that brings in its turn. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (let task = this.#due(end); task !== undefined; task = this.#due(end)) {
      this.#tasks.delete(task)
      this.#now = Math.max(this.#now, task.at)
      task.run()
    }
    this.#now = end
  }

  #due(end: number): Task | undefined {
    return [...this.#tasks].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
  }
}
