/** Keeps what a channel, a connection or a user of pusher-js tells, so that tests can wait for it. */

import { patienceMs } from './eventually.js'

/** Anything of pusher-js that emits events. */
export interface Bindable {
  bind_global(callback: (event: string, data: unknown) => void): unknown
}

export interface Heard {
  readonly event: string
  readonly data: unknown
}

interface Waiter {
  readonly isServed: () => boolean
  readonly resolve: () => void
}

export class Ear {
  /** Everything so far, oldest first. */
  readonly heard: Heard[] = []
  #waiters: Waiter[] = []

  constructor(source: Bindable) {
    source.bind_global((event, data) => {
      this.heard.push({ event, data: structuredClone(data) })
      const served = this.#waiters.filter(({ isServed }) => isServed())
      this.#waiters = this.#waiters.filter((waiter) => !served.includes(waiter))
      for (const { resolve } of served) resolve()
    })
  }

  /** The data of all events of this name so far. */
  all(event: string): unknown[] {
    return this.heard.filter((each) => each.event === event).map(({ data }) => data)
  }

  /** Names of all events so far. */
  get names(): string[] {
    return this.heard.map(({ event }) => event)
  }

  /** The data of the `nth` event of this name, counted from the first that ever came. */
  async nth(event: string, nth = 1): Promise<unknown> {
    await this.until(() => this.all(event).length >= nth, () => `${nth} × ${event}, got: ${JSON.stringify(this.heard)}`)
    return this.all(event)[nth - 1]
  }

  /** Resolves when `condition` holds; it is looked at whenever something was heard. */
  until(condition: () => boolean, what: () => string): Promise<void> {
    if (condition()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`waited ${patienceMs} ms for: ${what()}`)), patienceMs)
      this.#waiters.push({
        isServed: condition,
        resolve: () => {
          clearTimeout(late)
          resolve()
        },
      })
    })
  }
}
