/** Webhooks of an app over real connections, with a clock that a test moves. */

import type { BrokerOptions } from '../../../../src/config/schema.js'
import type { PusherConfig } from '../../../../src/config/sections/pusher.js'
import { parseOptions } from '../../../../src/config/parse.js'
import type { WebhookPoster } from '../../../../src/pusher/webhook/poster.js'
import { systemWorld } from '../../../../src/pusher/webhook/world.js'
import { Webhooks } from '../../../../src/pusher/webhook/webhooks.js'
import { appConfig } from '../http/fake-app.js'
import { ManualClock } from '../manual-clock.js'
import { until } from './webhook-receiver.js'

type Settings = NonNullable<NonNullable<BrokerOptions['pusher']>['webhooks']>
type Hooks = PusherConfig['apps'][number]['webhooks']

interface Test {
  teardown(task: () => unknown): void
}

export const wallMs = 1_700_000_000_000

export function settingsOf(settings: Settings = {}): PusherConfig['webhooks'] {
  return parseOptions({ pusher: { webhooks: settings } }).pusher.webhooks
}

/** Requests that were made, and those of them that were answered or failed. */
export interface Attempts {
  begun: number
  ended: number
}

function counted(poster: WebhookPoster, attempts: Attempts): WebhookPoster {
  return {
    async post(...request) {
      attempts.begun++
      try {
        return await poster.post(...request)
      } finally {
        attempts.ended++
      }
    },
    close: () => poster.close(),
  }
}

/** `random` is at its highest unless told otherwise: a delay is what the back-off says. */
export function webhooksOf(t: Test, webhooks: Hooks, settings: Settings = {}, random = 1) {
  const clock = new ManualClock()
  const lines: string[] = []
  const attempts: Attempts = { begun: 0, ended: 0 }
  const system = systemWorld((line) => lines.push(line))
  const poster = counted(system.poster, attempts)
  const world = { ...system, clock, wallMs: () => wallMs + clock.now(), random: () => random, poster }
  t.teardown(() => system.poster.close())
  return {
    clock, lines, attempts,
    subject: new Webhooks(appConfig({ webhooks }), settingsOf(settings), world),
    /** Waits until so many attempts have ended, and what follows from that has been done. */
    ended: (count: number) => until(() => attempts.ended === count),
  }
}
