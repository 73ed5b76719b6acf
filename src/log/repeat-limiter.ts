/** Keeps an event that repeats a thousand times a second from filling the log. */

export interface RepeatLimits {
  /** Events of one name that pass in a window, at least 1. */
  readonly eventsMax: number
  /** Milliseconds. */
  readonly windowMs: number
  /** Names remembered at one time; further names share one allowance. */
  readonly namesMax: number
}

/** The passing of time; replaced in tests. */
export interface Clock {
  /** Runs `task` once after `ms`; must not keep the process alive. */
  after(ms: number, task: () => void): void
}

const systemClock: Clock = {
  after(ms, task) {
    setTimeout(task, ms).unref()
  },
}

const standard: RepeatLimits = { eventsMax: 5, windowMs: 10_000, namesMax: 1000 }

/** What is counted for names beyond namesMax. */
const others = '(others)'

/** For each name, the first eventsMax events of a window pass; when the window ends, the rest is reported as one number. */
export class RepeatLimiter {
  readonly #limits: RepeatLimits
  readonly #clock: Clock
  readonly #report: (name: string, suppressed: number) => void
  readonly #seen = new Map<string, number>()

  /** `report` is called at the end of a window in which events were suppressed. */
  constructor(report: (name: string, suppressed: number) => void, limits: RepeatLimits = standard, clock: Clock = systemClock) {
    this.#report = report
    this.#limits = limits
    this.#clock = clock
  }

  /** Counts an event; true when it may be logged. */
  pass(name: string): boolean {
    const key = this.#seen.has(name) || this.#seen.size < this.#limits.namesMax ? name : others
    const count = (this.#seen.get(key) ?? 0) + 1
    this.#seen.set(key, count)
    if (count === 1) this.#clock.after(this.#limits.windowMs, () => this.#endWindow(key))
    return count <= this.#limits.eventsMax
  }

  /** Reports what is suppressed now and starts anew, for the end of the process. */
  flush(): void {
    for (const name of [...this.#seen.keys()]) this.#endWindow(name)
  }

  #endWindow(name: string): void {
    const suppressed = (this.#seen.get(name) ?? 0) - this.#limits.eventsMax
    this.#seen.delete(name)
    if (suppressed > 0) this.#report(name, suppressed)
  }
}
