/** Holds back the news that a channel is vacated or a member gone: a reconnect takes it back, and its return is no news. */

import type { Clock } from '../clock.js'
import type { WebhookEvent } from '../contract.js'

export type WebhookName = WebhookEvent['name']

/** What is held, and the event that takes it back. */
const returnOf = { channel_vacated: 'channel_occupied', member_removed: 'member_added' } as const

type Leaving = keyof typeof returnOf

/** The other event of a pair; null for an event that has none. */
export function partnerOf(name: WebhookName): WebhookName | null {
  for (const [leaving, returning] of Object.entries(returnOf)) {
    if (name === leaving) return returning
    if (name === returning) return leaving as Leaving
  }
  return null
}

/** The same for an event and its partner. A line feed is in no name. */
function keyOf(event: WebhookEvent): string {
  return event.name === 'member_added' || event.name === 'member_removed' ? `${event.channel}\n${event.user_id}` : event.channel
}

interface Held {
  readonly event: WebhookEvent
  readonly until: number
}

export class WebhookReturns {
  readonly #returnMs: number
  readonly #heldMax: number
  readonly #clock: Clock
  readonly #release: (event: WebhookEvent) => void
  /** In the order they are due: all are held equally long. */
  readonly #held = new Map<string, Held>()
  #cancel: (() => void) | null = null

  /** `release` gets every event whose time it is. Over heldMax the oldest goes early. */
  constructor(returnMs: number, heldMax: number, clock: Clock, release: (event: WebhookEvent) => void) {
    this.#returnMs = returnMs
    this.#heldMax = heldMax
    this.#clock = clock
    this.#release = release
  }

  get count(): number {
    return this.#held.size
  }

  take(event: WebhookEvent): void {
    if (this.#returnMs === 0) this.#release(event)
    else if (event.name in returnOf) this.#hold(event)
    else if (partnerOf(event.name) === null || !this.#held.delete(keyOf(event))) this.#release(event)
  }

  /** Nobody returns any more: everything goes now. */
  flush(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#releaseUntil(Infinity)
  }

  #hold(event: WebhookEvent): void {
    const key = keyOf(event)
    if (this.#held.has(key)) return
    const oldest = this.#held.values().next()
    if (this.#held.size >= this.#heldMax && oldest.done !== true) this.#releaseUntil(oldest.value.until, 1)
    this.#held.set(key, { event, until: this.#clock.now() + this.#returnMs })
    this.#arm()
  }

  #arm(): void {
    const oldest = this.#held.values().next()
    if (this.#cancel !== null || oldest.done === true) return
    this.#cancel = this.#clock.after(Math.max(0, oldest.value.until - this.#clock.now()), () => {
      this.#cancel = null
      this.#releaseUntil(this.#clock.now())
      this.#arm()
    })
  }

  #releaseUntil(time: number, max = Infinity): void {
    let left = max
    for (const [key, { event, until }] of this.#held) {
      if (until > time || left-- <= 0) return
      this.#held.delete(key)
      this.#release(event)
    }
  }
}
