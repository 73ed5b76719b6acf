/** What connections stand on, as numbers by which the engine closes them: one for each token, key or rule and listener. */

import type { Standing } from './verdict.js'

export class Standings {
  readonly #known = new Map<string, { readonly number: number, readonly standing: Standing }>()
  #last = 0

  get size(): number {
    return this.#known.size
  }

  numberOf(standing: Standing): number {
    const key = JSON.stringify([standing.way, standing.name, standing.listener])
    const known = this.#known.get(key)
    if (known !== undefined) return known.number
    const number = ++this.#last
    this.#known.set(key, { number, standing })
    return number
  }

  /** Numbers of those that have fallen, which are forgotten: who stands on the same from now on has another number. */
  takeFallen(hasFallen: (standing: Standing) => boolean): number[] {
    const fallen = [...this.#known].filter(([, { standing }]) => hasFallen(standing))
    for (const [key] of fallen) this.#known.delete(key)
    return fallen.map(([, { number }]) => number)
  }
}
