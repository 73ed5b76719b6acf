/** Which shards are stuck: neither turned lately nor since they were woken. */

import type { EngineStatus } from '../native/binding.js'

/** Turns are told in whole milliseconds. */
const roundingMs = 2

export class Liveness {
  readonly #silenceMsMax: number
  readonly #now: () => number
  /** For each shard, when it was woken first without having turned since. */
  readonly #wokenAt: (number | null)[] = []

  /** `now`: milliseconds of a clock that is never set. */
  constructor(silenceMsMax: number, now: () => number) {
    this.#silenceMsMax = silenceMsMax
    this.#now = now
  }

  /**
   * `status` as it was told just now. A shard that has nothing to do sleeps as long as it likes: its age alone means nothing.
   * But asking wakes it, and whoever has been woken must turn.
   */
  stuck({ turnAgesMs }: EngineStatus): number[] {
    const now = this.#now()
    return turnAgesMs.flatMap((age, shard) => (this.#isStuck(shard, age, now) ? [shard] : []))
  }

  #isStuck(shard: number, age: number, now: number): boolean {
    const before = this.#wokenAt[shard] ?? null
    const answered = before === null || now - age + roundingMs >= before
    const wokenAt = answered ? now : before
    this.#wokenAt[shard] = wokenAt
    return age > this.#silenceMsMax && now - wokenAt > this.#silenceMsMax
  }
}
