/** Tells how many subscribers a channel has: at once while they are few, every five seconds at most when they are many. */

import type { Channel } from './channel.js'
import type { Clock } from './clock.js'

/** Subscribers up to which every change is told. */
const fewMax = 100
const gapMs = 5000

interface Pace {
  told: number
  /** When it was told. */
  at: number
  cancel: (() => void) | null
}

export class SubscriptionCounts {
  readonly #clock: Clock
  readonly #tell: (channel: Channel) => void
  /** Channels that have, or lately had, more than a few. */
  readonly #paces = new Map<Channel, Pace>()

  constructor(clock: Clock, tell: (channel: Channel) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  /** The channel's number has changed; 0 when it is gone. */
  changed(channel: Channel): void {
    if (channel.subscriptions <= fewMax) {
      this.#forget(channel)
      this.#tell(channel)
      return
    }
    const pace = this.#paceOf(channel)
    const waitMs = pace.at + gapMs - this.#clock.now()
    if (waitMs <= 0) this.#tellMany(channel, pace)
    else pace.cancel ??= this.#clock.after(waitMs, () => this.#tellMany(channel, pace))
  }

  close(): void {
    for (const { cancel } of this.#paces.values()) cancel?.()
    this.#paces.clear()
  }

  #paceOf(channel: Channel): Pace {
    const pace = this.#paces.get(channel) ?? { told: 0, at: Number.NEGATIVE_INFINITY, cancel: null }
    this.#paces.set(channel, pace)
    return pace
  }

  #tellMany(channel: Channel, pace: Pace): void {
    pace.cancel?.()
    pace.cancel = null
    if (channel.subscriptions === pace.told) return
    pace.told = channel.subscriptions
    pace.at = this.#clock.now()
    this.#tell(channel)
  }

  #forget(channel: Channel): void {
    this.#paces.get(channel)?.cancel?.()
    this.#paces.delete(channel)
  }
}
