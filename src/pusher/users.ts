/** Who is signed in: users of an app with the connections of each. A user is online while there is one. */

import type { PusherSession } from './session.js'

export class SignedInUsers {
  readonly #users = new Map<string, Set<PusherSession>>()

  isOnline(userId: string): boolean {
    return this.#users.has(userId)
  }

  /** A copy: ending a session changes the original. */
  sessions(userId: string): PusherSession[] {
    return [...this.#users.get(userId) ?? []]
  }

  /** True when the user came online by it. */
  add(userId: string, session: PusherSession): boolean {
    const sessions = this.#users.get(userId)
    if (sessions === undefined) this.#users.set(userId, new Set([session]))
    else sessions.add(session)
    return sessions === undefined
  }

  /** True when the user went offline by it. */
  remove(userId: string, session: PusherSession): boolean {
    const sessions = this.#users.get(userId)
    if (sessions?.delete(session) !== true || sessions.size > 0) return false
    return this.#users.delete(userId)
  }
}
