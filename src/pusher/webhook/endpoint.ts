/**
 * One endpoint of an app's webhooks: gathers events into batches and posts them one batch at a time, so that they arrive in
 * their order. A batch that is not answered with 2xx is posted again, the same bytes, ever more seldom, for retryMs; then it
 * is given up together with everything that has waited as long.
 */

import type { PusherConfig } from '../../config/sections/pusher.js'
import { sign, type Credentials } from '../auth.js'
import { WebhookQueue } from './queue.js'
import { WebhookReport } from './report.js'
import type { WebhookWorld } from './world.js'

export type WebhookSettings = PusherConfig['webhooks']

/** Events since the start, and those that are not over. */
export interface WebhookCounts {
  readonly delivered: number
  readonly lost: number
  readonly waiting: number
}

interface Batch {
  readonly body: Buffer
  readonly signature: string
  readonly count: number
  /** No attempt begins later. */
  readonly until: number
}

/** Receivers commonly take 100 kB. An event that is bigger goes alone. */
const batchBytesMax = 64 * 1024
const firstDelayMs = 1000
const delayMsMax = 60_000

/**
 * gathering: a timer runs until a batch is due. posting: an attempt is under way. resting: a timer runs until the next
 * attempt, after one that failed.
 */
type State = 'idle' | 'gathering' | 'posting' | 'resting' | 'closed'

/** Errors of several addresses have a code and no message. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message === '' && 'code' in error ? String(error.code) : error.message
}

export class WebhookEndpoint {
  readonly #url: URL
  readonly #app: Credentials
  readonly #settings: WebhookSettings
  readonly #world: WebhookWorld
  readonly #queue: WebhookQueue
  readonly #report: WebhookReport
  #state: State = 'idle'
  #batch: Batch | null = null
  /** In a row, of this batch or others. */
  #failures = 0
  #delivered = 0
  #lost = 0
  #cancelTimer = () => {}
  #abort: AbortController | null = null
  /** Set while the endpoint is being closed. */
  #onDone: (() => void) | null = null

  constructor(url: URL, app: Credentials, settings: WebhookSettings, world: WebhookWorld) {
    this.#url = url
    this.#app = app
    this.#settings = settings
    this.#world = world
    this.#queue = new WebhookQueue(settings.queueBytesMax)
    this.#report = new WebhookReport(url, world.clock, world.warn)
  }

  get counts(): WebhookCounts {
    return { delivered: this.#delivered, lost: this.#lost, waiting: this.#queue.count + (this.#batch?.count ?? 0) }
  }

  /** Adds an event, as JSON. */
  add(text: string): void {
    if (this.#state === 'closed') return this.#lose('closed', 1)
    this.#lose('full', this.#queue.add(text, this.#world.clock.now()))
    if (this.#state === 'idle') this.#gather()
  }

  /**
   * Posts what waits without gathering or resting first, and gives up after `ms`.
   * @returns how many events were lost meanwhile.
   */
  close(ms: number): Promise<number> {
    const lostBefore = this.#lost
    return new Promise((resolve) => {
      const cancelDeadline = this.#world.clock.after(ms, () => this.#onDone?.())
      this.#onDone = () => {
        cancelDeadline()
        this.#end()
        resolve(this.#lost - lostBefore)
      }
      if (this.#state !== 'posting') this.#next()
    })
  }

  #end(): void {
    this.#state = 'closed'
    this.#onDone = null
    this.#cancelTimer()
    this.#abort?.abort()
    const { waiting } = this.counts
    this.#batch = null
    this.#queue.dropUntil(Infinity)
    this.#lose('closed', waiting)
    this.#report.close()
  }

  #lose(reason: 'full' | 'expired' | 'closed', count: number): void {
    this.#lost += count
    this.#report.lost(reason, count)
  }

  #wait(state: 'gathering' | 'resting', ms: number): void {
    this.#state = state
    this.#cancelTimer = this.#world.clock.after(ms, () => this.#next())
  }

  /** Waits until the oldest event's batchMs are over. */
  #gather(): void {
    const { oldestAt } = this.#queue
    if (oldestAt === null) return this.#rest()
    const ms = this.#onDone === null ? oldestAt + this.#settings.batchMs - this.#world.clock.now() : 0
    if (ms > 0) this.#wait('gathering', ms)
    else this.#next()
  }

  #rest(): void {
    this.#state = 'idle'
    this.#onDone?.()
  }

  #next(): void {
    this.#cancelTimer()
    this.#batch ??= this.#makeBatch()
    if (this.#batch === null) this.#rest()
    else void this.#post(this.#batch)
  }

  #makeBatch(): Batch | null {
    const events = this.#queue.take(batchBytesMax)
    if (events.length === 0) return null
    const body = Buffer.from(`{"time_ms":${this.#world.wallMs()},"events":[${events.join(',')}]}`)
    const until = this.#world.clock.now() + this.#settings.retryMs
    return { body, signature: sign(this.#app, body), count: events.length, until }
  }

  /** Never rejects. */
  async #post(batch: Batch): Promise<void> {
    this.#state = 'posting'
    const problem = await this.#problemOf(batch)
    if (this.#batch !== batch) return // closed meanwhile
    if (problem === null) this.#succeed(batch)
    else this.#fail(batch, problem)
  }

  /** Null when the endpoint has taken the batch. */
  async #problemOf({ body, signature }: Batch): Promise<string | null> {
    const { poster, clock } = this.#world
    const { requestMs } = this.#settings
    const headers = { 'content-type': 'application/json', 'x-pusher-key': this.#app.key, 'x-pusher-signature': signature }
    const abort = new AbortController()
    this.#abort = abort
    const cancelTimeout = clock.after(requestMs, () => abort.abort())
    try {
      const status = await poster.post(this.#url, headers, body, abort.signal)
      return status >= 200 && status < 300 ? null : `status ${status}`
    } catch (error) {
      if (abort.signal.aborted) return `no answer within ${requestMs} ms`
      return describe(error)
    } finally {
      cancelTimeout()
    }
  }

  #succeed({ count }: Batch): void {
    this.#delivered += count
    this.#failures = 0
    this.#batch = null
    this.#gather()
  }

  #fail(batch: Batch, problem: string): void {
    this.#failures++
    this.#report.failed(problem)
    const left = batch.until - this.#world.clock.now()
    // The last attempt is made at the end of its time.
    if (left > 0) return this.#wait('resting', Math.min(this.#delay(), left))
    this.#giveUp(batch)
    if (this.#onDone !== null && this.#queue.count === 0) this.#rest()
    else this.#wait('resting', this.#delay())
  }

  /** What came during the last attempt is not old, even when nothing is tried twice. */
  #giveUp({ count }: Batch): void {
    const { retryMs, requestMs } = this.#settings
    this.#batch = null
    this.#lose('expired', count + this.#queue.dropUntil(this.#world.clock.now() - retryMs - requestMs))
  }

  /** Twice as long each time, and half of it by chance, so that endpoints of many brokers do not come back to a crowd. */
  #delay(): number {
    const ms = Math.min(delayMsMax, firstDelayMs * 2 ** Math.min(this.#failures - 1, 16))
    return ms * (0.5 + this.#world.random() / 2)
  }
}
