/** Tells connections when users whom they watch come online or go offline: changes of a moment go out as one message. */

import type { SessionCalls } from '../native/binding.js'
import type { Clock } from './clock.js'
import { watchlistEvents, type WatchlistChange } from './messages.js'
import type { PusherSession } from './session.js'

type Status = WatchlistChange['name']

/** Long enough to gather a storm of sign-ins, short enough to look immediate. */
const gatherMs = 100

/** The lists that are not empty, by status. */
function changesOf(statuses: ReadonlyMap<string, Status>): WatchlistChange[] {
  return (['online', 'offline'] as const)
    .map((name) => ({ name, user_ids: [...statuses].filter(([, status]) => status === name).map(([userId]) => userId) }))
    .filter(({ user_ids: ids }) => ids.length > 0)
}

export class Watchlists {
  readonly #calls: Pick<SessionCalls, 'sendToSession'>
  readonly #clock: Clock
  readonly #watchers = new Map<string, Set<PusherSession>>()
  #pending = new Map<PusherSession, Map<string, Status>>()
  #cancelFlush: (() => void) | null = null

  constructor(calls: Pick<SessionCalls, 'sendToSession'>, clock: Clock) {
    this.#calls = calls
    this.#clock = clock
  }

  /** From now on; the session is told at once who is online and who is not. */
  watch(session: PusherSession, userIds: readonly string[], isOnline: (userId: string) => boolean): void {
    for (const userId of userIds) {
      const watchers = this.#watchers.get(userId)
      if (watchers === undefined) this.#watchers.set(userId, new Set([session]))
      else watchers.add(session)
    }
    this.#send(session, new Map(userIds.map((userId) => [userId, isOnline(userId) ? 'online' : 'offline'])))
  }

  unwatch(session: PusherSession, userIds: readonly string[]): void {
    this.#pending.delete(session)
    for (const userId of userIds) {
      const watchers = this.#watchers.get(userId)
      if (watchers?.delete(session) === true && watchers.size === 0) this.#watchers.delete(userId)
    }
  }

  /** A user's status has changed: statuses alternate, so two changes of one moment are none. */
  changed(userId: string, status: Status): void {
    const watchers = this.#watchers.get(userId)
    if (watchers === undefined) return
    for (const session of watchers) {
      const statuses = this.#pending.get(session) ?? new Map<string, Status>()
      if (!statuses.delete(userId)) statuses.set(userId, status)
      this.#pending.set(session, statuses)
    }
    this.#cancelFlush ??= this.#clock.after(gatherMs, () => this.#flush())
  }

  close(): void {
    this.#cancelFlush?.()
    this.#cancelFlush = null
    this.#pending.clear()
    this.#watchers.clear()
  }

  #flush(): void {
    this.#cancelFlush = null
    const pending = this.#pending
    this.#pending = new Map()
    for (const [session, statuses] of pending) this.#send(session, statuses)
  }

  #send(session: PusherSession, statuses: ReadonlyMap<string, Status>): void {
    const changes = changesOf(statuses)
    if (changes.length > 0) this.#calls.sendToSession(session.id, watchlistEvents(changes))
  }
}
