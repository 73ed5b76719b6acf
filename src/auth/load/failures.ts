/** Failed credentials of each address: so many a second, then nothing of it is looked at until the second is over. */

import { clientGroup } from '../address.js'

/** Failed credentials of one address in a second, at most, and at once. */
export const failuresPerSecondMax = 10

/** Addresses that are remembered, at most; the one that failed longest ago is forgotten first. */
const addressesMax = 10_000

interface Bucket {
  /** Failures it still may have. */
  left: number
  filledAt: number
}

export class Failures {
  readonly #monotonicMs: () => number
  /** Of whom has failed, in the order of their last failures. */
  readonly #buckets = new Map<string, Bucket>()

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#buckets.size
  }

  /** Whether an address has failed too often to be looked at now. */
  isOver(address: string): boolean {
    if (this.#buckets.size === 0) return false
    const bucket = this.#buckets.get(clientGroup(address))
    return bucket !== undefined && this.#leftIn(bucket) < 1
  }

  /** Counts a failed credential. */
  count(address: string): void {
    const group = clientGroup(address)
    const bucket = this.#buckets.get(group)
    const left = bucket === undefined ? failuresPerSecondMax : this.#leftIn(bucket)
    this.#buckets.delete(group)
    this.#buckets.set(group, { left: Math.max(0, left - 1), filledAt: this.#monotonicMs() })
    if (this.#buckets.size > addressesMax) this.#forgetOldest()
  }

  #leftIn({ left, filledAt }: Bucket): number {
    const gained = ((this.#monotonicMs() - filledAt) / 1000) * failuresPerSecondMax
    return Math.min(failuresPerSecondMax, left + gained)
  }

  #forgetOldest(): void {
    const [oldest] = this.#buckets.keys()
    if (oldest !== undefined) this.#buckets.delete(oldest)
  }
}
