/** The members of a presence channel: users, each with the number of connections by which it is here. */

/** A user as its app's server vouches for it. */
export interface Member {
  readonly userId: string
  /** JSON as the app has written and signed it; `null` when it gave none. */
  readonly info: string
}

interface Present {
  readonly info: string
  connections: number
}

export class PresenceMembers {
  readonly #users = new Map<string, Present>()

  get count(): number {
    return this.#users.size
  }

  has(userId: string): boolean {
    return this.#users.has(userId)
  }

  ids(): string[] {
    return [...this.#users.keys()]
  }

  /** True when this is the user's first connection. The info of the first one counts until the last one is gone. */
  add({ userId, info }: Member): boolean {
    const present = this.#users.get(userId)
    if (present === undefined) this.#users.set(userId, { info, connections: 1 })
    else present.connections++
    return present === undefined
  }

  /** True when this was the user's last connection. */
  remove(userId: string): boolean {
    const present = this.#users.get(userId)
    if (present === undefined || --present.connections > 0) return false
    return this.#users.delete(userId)
  }

  /** The data of a successful subscription. Written by hand: an object with these keys could meet a setter (`__proto__`). */
  snapshot(): string {
    const hash = [...this.#users].map(([userId, { info }]) => `${JSON.stringify(userId)}:${info}`)
    return `{"presence":{"ids":${JSON.stringify(this.ids())},"hash":{${hash.join(',')}},"count":${this.count}}}`
  }
}

export function memberAdded({ userId, info }: Member): string {
  return `{"user_id":${JSON.stringify(userId)},"user_info":${info}}`
}

export function memberRemoved(userId: string): string {
  return JSON.stringify({ user_id: userId })
}
