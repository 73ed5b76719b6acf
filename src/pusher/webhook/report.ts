/** What an endpoint does wrong, as lines of a log: one at once, then one for all that happens in a while. */

import { printable } from '../../log/printable.js'
import type { Clock } from '../clock.js'

/** Why events are lost: too many waited, they were tried for long enough, or the broker was closed. */
export type LossReason = 'full' | 'expired' | 'closed'

/** Milliseconds between lines. */
const intervalMs = 10_000

const words: Readonly<Record<LossReason, string>> = {
  full: 'events lost because too many waited',
  expired: 'events lost after all attempts',
  closed: 'events lost because the broker was closed',
}

/** Without what may be secret: a password or a query. */
function nameOf({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`
}

export class WebhookReport {
  readonly #name: string
  readonly #clock: Clock
  readonly #warn: (message: string) => void
  readonly #lost = new Map<LossReason, number>()
  #failed = 0
  #problem = ''
  #cancel: (() => void) | null = null

  constructor(url: URL, clock: Clock, warn: (message: string) => void) {
    this.#name = nameOf(url)
    this.#clock = clock
    this.#warn = warn
  }

  /** An attempt went wrong. */
  failed(problem: string): void {
    this.#failed++
    this.#problem = problem
    this.#tell()
  }

  lost(reason: LossReason, count: number): void {
    if (count === 0) return
    this.#lost.set(reason, (this.#lost.get(reason) ?? 0) + count)
    this.#tell()
  }

  /** Says what has not been said yet; nothing is said afterwards. */
  close(): void {
    this.#cancel?.()
    this.#cancel = () => {}
    this.#flush()
  }

  #tell(): void {
    if (this.#cancel !== null) return
    this.#flush()
    this.#cancel = this.#clock.after(intervalMs, () => {
      this.#cancel = null
      if (this.#failed > 0 || this.#lost.size > 0) this.#tell()
    })
  }

  #flush(): void {
    const parts = [...this.#lost].map(([reason, count]) => `${words[reason]}: ${count}`)
    if (this.#failed > 0) parts.push(`attempts that failed: ${this.#failed}, got: ${this.#problem}`)
    if (parts.length > 0) this.#warn(printable(`webhook ${this.#name}: ${parts.join('; ')}`))
    this.#failed = 0
    this.#lost.clear()
  }
}
