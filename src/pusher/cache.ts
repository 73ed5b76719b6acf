/** Last events of an app's cache channels, for half an hour each and within a bound for all of them. */

import { channelEvent } from './messages.js'
import type { CachedEvent } from './contract.js'
import type { Clock } from './clock.js'

const lifeMs = 30 * 60_000
/** How often what has expired is let go. */
const sweepMs = 60_000
/** Characters of all cached events of one app; the oldest go first. */
const charactersMax = 64 * 2 ** 20

interface Entry {
  readonly event: string
  readonly data: string
  readonly until: number
}

function sizeOf(channel: string, { event, data }: Entry): number {
  return channel.length + event.length + data.length
}

export class PusherCache {
  /** Every entry lives equally long and is put at the end: the first one is the oldest and expires first. */
  readonly #entries = new Map<string, Entry>()
  readonly #clock: Clock
  readonly #charactersMax: number
  #characters = 0
  #cancelSweep: (() => void) | null = null

  constructor(clock: Clock, max = charactersMax) {
    this.#clock = clock
    this.#charactersMax = max
  }

  get size(): number {
    return this.#entries.size
  }

  set(channel: string, event: string, data: string): void {
    this.#delete(channel)
    const entry = { event, data, until: this.#clock.now() + lifeMs }
    this.#entries.set(channel, entry)
    this.#characters += sizeOf(channel, entry)
    this.#evict()
    this.#cancelSweep ??= this.#clock.after(sweepMs, () => this.#sweep())
  }

  has(channel: string): boolean {
    return this.#live(channel) !== null
  }

  /** For the HTTP API. */
  get(channel: string): CachedEvent | null {
    const entry = this.#live(channel)
    return entry === null ? null : { data: entry.data, ttl: Math.ceil((entry.until - this.#clock.now()) / 1000) }
  }

  /** As a subscriber gets it. */
  message(channel: string): string | null {
    const entry = this.#live(channel)
    return entry === null ? null : channelEvent(entry.event, channel, entry.data)
  }

  clear(): void {
    this.#cancelSweep?.()
    this.#cancelSweep = null
    this.#entries.clear()
    this.#characters = 0
  }

  #live(channel: string): Entry | null {
    const entry = this.#entries.get(channel)
    return entry === undefined || entry.until <= this.#clock.now() ? null : entry
  }

  #delete(channel: string): void {
    const entry = this.#entries.get(channel)
    if (entry === undefined) return
    this.#entries.delete(channel)
    this.#characters -= sizeOf(channel, entry)
  }

  #evict(): void {
    const now = this.#clock.now()
    for (const [channel, { until }] of this.#entries) {
      if (until > now && this.#characters <= this.#charactersMax) return
      this.#delete(channel)
    }
  }

  #sweep(): void {
    this.#cancelSweep = null
    this.#evict()
    if (this.#entries.size > 0) this.#cancelSweep = this.#clock.after(sweepMs, () => this.#sweep())
  }
}
