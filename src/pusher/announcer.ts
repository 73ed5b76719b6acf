/**
 * Publishes what subscribers must not miss: who came and who went. When the engine's logs are full, it keeps the order and
 * tries again; otherwise clients would show members that are gone, or miss some that came.
 */

import type { ConnectionId, SessionCalls } from '../native/binding.js'
import type { Clock } from './clock.js'

export interface Announcement {
  /** The topic's full name. */
  readonly topic: string
  readonly event: string
  readonly data: string
  readonly excluded: ConnectionId
  /** How many connections are to hear it. */
  readonly listeners: number
}

/** An operator should know; the same name may repeat often. */
export type Warn = (name: string, message: string) => void

const retryMs = 50
/** Announcements that wait; the oldest is dropped for one over it. */
const waitingMax = 100_000

/** Whether it helps to try again. */
function isPassing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_LOG_BYTES'
}

export class Announcer {
  readonly #calls: Pick<SessionCalls, 'publish'>
  readonly #clock: Clock
  readonly #warn: Warn
  #waiting: Announcement[] = []
  #cancelRetry: (() => void) | null = null

  constructor(calls: Pick<SessionCalls, 'publish'>, clock: Clock, warn: Warn) {
    this.#calls = calls
    this.#clock = clock
    this.#warn = warn
  }

  /**
   * Never throws. Announcements are published in the order of the calls, those without listeners not at all. While some wait,
   * later ones leave nobody out and need no listeners: who joins in between has the newest list, is then told what waited, and
   * must be told what undid it.
   */
  announce(announcement: Announcement): void {
    if (this.#waiting.length > 0) this.#wait(announcement)
    else if (announcement.listeners > 0 && !this.#publish(announcement)) this.#wait(announcement)
  }

  close(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = null
    this.#waiting = []
  }

  /** False when it has to be tried again. */
  #publish({ topic, event, data, excluded }: Announcement): boolean {
    try {
      this.#calls.publish(topic, data, { event, userId: null, excluded })
    } catch (error) {
      if (isPassing(error)) return false
      this.#warn('pusher-announcement-lost', `${event} was not published: ${error instanceof Error ? error.message : String(error)}`)
    }
    return true
  }

  #wait(announcement: Announcement): void {
    if (this.#waiting.length === waitingMax) {
      this.#waiting.shift()
      this.#warn('pusher-announcement-lost', `the oldest of ${waitingMax} announcements was dropped: the logs are full`)
    }
    this.#waiting.push({ ...announcement, excluded: 0 })
    this.#cancelRetry ??= this.#clock.after(retryMs, () => this.#retry())
  }

  #retry(): void {
    this.#cancelRetry = null
    const published = this.#waiting.findIndex((announcement) => !this.#publish(announcement))
    this.#waiting = published === -1 ? [] : this.#waiting.slice(published)
    if (this.#waiting.length > 0) this.#cancelRetry = this.#clock.after(retryMs, () => this.#retry())
  }
}
