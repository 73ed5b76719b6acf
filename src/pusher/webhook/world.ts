/** What webhooks have of the world: time, chance, connections, a log. */

import { systemClock, type Clock } from '../clock.js'
import { HttpWebhookPoster, type WebhookPoster } from './poster.js'

/** Replaced in tests. */
export interface WebhookWorld {
  readonly clock: Clock
  /** The wall clock, in milliseconds. */
  readonly wallMs: () => number
  /** 0 or more and below 1. */
  readonly random: () => number
  readonly poster: WebhookPoster
  /** Gets lines for the log, rarely enough to write each of them. */
  readonly warn: (message: string) => void
}

/** The real one; for one app, which ends its connections. `warn` gets lines for the log. */
export function systemWorld(warn: (message: string) => void): WebhookWorld {
  return { clock: systemClock, wallMs: Date.now, random: Math.random, poster: new HttpWebhookPoster(), warn }
}
