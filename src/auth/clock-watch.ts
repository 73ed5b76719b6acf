/**
 * Tells when the wall clock is set, or the machine has slept: tokens are dated by it, while connections end by a clock that only goes on.
 * Ask it every second.
 */

import type { AuthWorld } from './world.js'

/** Smaller steps are a clock that is kept right. */
const stepMsMin = 100

export class ClockWatch {
  readonly #world: Pick<AuthWorld, 'wallMs' | 'monotonicMs'>
  #offset: number

  constructor(world: Pick<AuthWorld, 'wallMs' | 'monotonicMs'>) {
    this.#world = world
    this.#offset = this.#offsetNow()
  }

  /** Whole milliseconds by which the wall clock has gone ahead of the other since the last step that was told; 0: by none that matters. */
  takeStep(): number {
    const step = Math.round(this.#offsetNow() - this.#offset)
    if (Math.abs(step) < stepMsMin) return 0
    this.#offset += step
    return step
  }

  #offsetNow(): number {
    return this.#world.wallMs() - this.#world.monotonicMs()
  }
}
