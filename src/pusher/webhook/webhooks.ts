/** Webhooks of one app: events in, signed batches out to each endpoint that wants them. Nothing waits for an endpoint. */

import type { PusherAppConfig } from '../../config/sections/pusher-app.js'
import type { WebhookEvent, WebhookSink } from '../contract.js'
import { WebhookEndpoint, type WebhookCounts, type WebhookSettings } from './endpoint.js'
import { WebhookReturns, partnerOf, type WebhookName } from './returns.js'
import type { WebhookWorld } from './world.js'

/** What is reserved for an event that is held back. */
const heldBytes = 512

interface Target {
  /** Null: all. */
  readonly names: ReadonlySet<WebhookName> | null
  readonly endpoint: WebhookEndpoint
}

export class Webhooks implements WebhookSink {
  readonly #world: WebhookWorld
  readonly #targets: readonly Target[]
  readonly #returns: WebhookReturns
  #closed: Promise<number> | null = null

  constructor(app: PusherAppConfig, settings: WebhookSettings, world: WebhookWorld) {
    this.#world = world
    this.#targets = app.webhooks.map(({ url, events }) => ({
      names: events === undefined ? null : new Set(events),
      endpoint: new WebhookEndpoint(new URL(url), app, settings, world),
    }))
    const heldMax = Math.max(1, Math.floor(settings.queueBytesMax / heldBytes))
    this.#returns = new WebhookReturns(settings.returnMs, heldMax, world.clock, (event) => this.#send(event))
  }

  /** Over all endpoints: an event that two of them want counts twice. Those held back are not counted yet. */
  get counts(): WebhookCounts {
    const all = this.#targets.map(({ endpoint }) => endpoint.counts)
    const sum = (name: keyof WebhookCounts) => all.reduce((total, counts) => total + counts[name], 0)
    return { delivered: sum('delivered'), lost: sum('lost'), waiting: sum('waiting') }
  }

  /** Also what nobody wants but what takes back an event that somebody wants. */
  wants(name: WebhookName): boolean {
    const partner = partnerOf(name)
    return this.#targets.some(({ names }) => names === null || names.has(name) || (partner !== null && names.has(partner)))
  }

  post(event: WebhookEvent): void {
    if (this.#targets.length === 0) return
    if (this.#closed === null) this.#returns.take(event)
    else this.#send(event)
  }

  /**
   * Posts what waits, and what was held back, within `ms`. What comes meanwhile goes along, what comes later is lost. A second
   * call joins the first.
   * @returns how many events were lost by it, counted for each endpoint.
   */
  close(ms: number): Promise<number> {
    this.#closed ??= this.#close(ms)
    return this.#closed
  }

  async #close(ms: number): Promise<number> {
    // The clock's timers do not keep the process alive; whoever awaits this does.
    const alive = setInterval(() => {}, 1000)
    try {
      this.#returns.flush()
      const lost = await Promise.all(this.#targets.map(({ endpoint }) => endpoint.close(ms)))
      return lost.reduce((total, each) => total + each, 0)
    } finally {
      clearInterval(alive)
      this.#world.poster.close()
    }
  }

  /** The text is made once for all who want it. */
  #send(event: WebhookEvent): void {
    const wanting = this.#targets.filter(({ names }) => names === null || names.has(event.name))
    if (wanting.length === 0) return
    const text = JSON.stringify(event)
    for (const { endpoint } of wanting) endpoint.add(text)
  }
}
