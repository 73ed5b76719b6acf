/**
 * Which connections have come to the end of their credentials, by the wall clock, as tokens are dated. Ask it several times a second:
 * a clock that is set, or a process that was stopped, is then noticed as soon as anything is.
 */

/** How late a connection may be told, in milliseconds, where it is asked at least as often. */
export const expiryStepMs = 250

export class Expiries<Id> {
  /** By the step in which they are due. */
  readonly #steps = new Map<number, Set<Id>>()
  readonly #stepOf = new Map<Id, number>()
  /** No step is earlier. */
  #earliest = Infinity

  /** Connections with an end. */
  get size(): number {
    return this.#stepOf.size
  }

  /** `expiresAt`: in milliseconds since 1970; null: never. One that is there already gets a new end. */
  set(id: Id, expiresAt: number | null): void {
    this.delete(id)
    if (expiresAt === null) return
    const step = Math.ceil(expiresAt / expiryStepMs)
    const ids = this.#steps.get(step) ?? new Set<Id>()
    this.#steps.set(step, ids.add(id))
    this.#stepOf.set(id, step)
    this.#earliest = Math.min(this.#earliest, step)
  }

  /** The connection has ended by itself, or was never here. */
  delete(id: Id): void {
    const step = this.#stepOf.get(id)
    if (step === undefined) return
    this.#stepOf.delete(id)
    const ids = this.#steps.get(step)
    ids?.delete(id)
    if (ids?.size === 0) this.#steps.delete(step)
  }

  /** Those whose end has come, and takes them out: they are to be closed. */
  takeDue(wallMs: number): Id[] {
    const now = Math.floor(wallMs / expiryStepMs)
    if (now < this.#earliest) return []
    const due = [...this.#steps].filter(([step]) => step <= now)
    const ids = due.flatMap(([, each]) => [...each])
    for (const [step] of due) this.#steps.delete(step)
    for (const id of ids) this.#stepOf.delete(id)
    this.#earliest = Infinity
    for (const step of this.#steps.keys()) this.#earliest = Math.min(this.#earliest, step)
    return ids
  }
}
