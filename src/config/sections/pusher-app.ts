/** One Pusher app: a tenant with its own channels, users and limits. */

import { z } from 'zod'
import { bytes, count, listOf, matching, oneOf, originPattern, section, toggle } from '../fields.js'
import { KiB, MiB } from '../units.js'

export const pusherApp = section({
  id: matching(/^[A-Za-z0-9_-]{1,28}$/, 'must be 1..28 letters, digits, _ or -'),
  key: matching(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1..64 letters, digits, _ or -'),
  secret: matching(/^[\x21-\x7e]{8,256}$/, 'must be 8..256 visible ASCII characters'),
  enabled: toggle().default(true),
  /** Whether clients of the other protocols, too, may use the app's topics: `pusher/<id>/<channel>`. They then reach private channels. */
  shared: toggle().default(false),
  /** Whether clients may publish `client-…` events on private and presence channels. */
  clientEvents: toggle().default(false),
  /** Whether `pusher_internal:subscription_count` is sent. */
  subscriptionCounts: toggle().default(false),
  /** Origins of browsers that may connect (`https://example.com`, `https://*.example.com` for all below it, `*` for any); null: any. */
  origins: listOf(originPattern(), 'origins').nullable().default(null),
  limits: section({
    connectionsMax: count(0, 10_000_000).default(10_000_000),
    clientEventsPerSecondMax: count(0, 65_535).default(10),
    /** Events of the HTTP API, each channel of a request counted; 0 means no limit. */
    backendEventsPerSecondMax: count(0, 10_000_000).default(0),
    /** `data` of one event. */
    payloadBytesMax: bytes(1, 1 * MiB).default(10 * KiB),
    channelsPerConnectionMax: count(1, 1024).default(100),
    channelsPerEventMax: count(1, 1000).default(100),
    batchEventsMax: count(1, 1000).default(10),
    presenceMembersMax: count(1, 100_000).default(100),
    presenceInfoBytesMax: bytes(1, 64 * KiB).default(1 * KiB),
    watchlistMax: count(0, 10_000).default(100),
  }).prefault({}),
  webhooks: z.array(section({
    url: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
    /** Names of webhooks to send; absent: all. */
    events: listOf(
      oneOf('channel_occupied', 'channel_vacated', 'member_added', 'member_removed', 'client_event', 'cache_miss', 'subscription_count'),
      'webhook names',
    ).optional(),
  }), 'must be a list of webhooks').default([]),
})

export type PusherAppConfig = z.output<typeof pusherApp>
export type WebhookName = NonNullable<PusherAppConfig['webhooks'][number]['events']>[number]
