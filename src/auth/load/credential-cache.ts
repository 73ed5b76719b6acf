/** What was found out about credentials, by their digests, until it no longer holds; bounded, the one asked for longest ago goes first. */

interface Entry<Value> {
  readonly value: Value
  readonly isFresh: () => boolean
}

export class CredentialCache<Value> {
  readonly #entriesMax: number
  readonly #entries = new Map<string, Entry<Value>>()

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax
  }

  get size(): number {
    return this.#entries.size
  }

  /** Null: nothing that still holds. */
  get(digest: string): Value | null {
    const entry = this.#entries.get(digest)
    if (entry === undefined) return null
    this.#entries.delete(digest)
    if (!entry.isFresh()) return null
    this.#entries.set(digest, entry) // the newest again
    return entry.value
  }

  /** `isFresh` is asked with every look: it must be cheap. */
  set(digest: string, value: Value, isFresh: () => boolean): void {
    this.#entries.delete(digest)
    this.#entries.set(digest, { value, isFresh })
    if (this.#entries.size <= this.#entriesMax) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }

  /** Forgets what `isGone` says. */
  drop(isGone: (value: Value) => boolean): void {
    for (const [digest, { value }] of this.#entries) if (isGone(value)) this.#entries.delete(digest)
  }
}
