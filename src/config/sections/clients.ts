/**
 * What one client may do. A client is the subject of its credential, or the address (an IPv6 network, /64) that it comes from where it has
 * none. What is left out has no limit, and costs nothing. `Max` a second: a second's worth may come at once.
 */

import type { z } from 'zod'
import { bytes, count, oneOf, section } from '../fields.js'
import { GiB, KiB } from '../units.js'

const rates = {
  publicationsPerSecondMax: count(1, 10_000_000).optional(),
  /** Bytes received, whatever they are. */
  bytesPerSecondMax: bytes(1 * KiB, 4 * GiB - 1).optional(),
}

export const clients = section({
  /** Of all its connections together. */
  ...rates,
  /** At one time. Over it: 429, RESOURCE_EXHAUSTED, 4100. */
  connectionsMax: count(1, 10_000_000).optional(),
  /** Connections that one address may begin. Over it: the same for as many again, the others are reset. */
  handshakesPerSecondMax: count(1, 1_000_000).optional(),
  /** Over a rate. throttle: the connection is not read until it may go on; close: 1008, RESOURCE_EXHAUSTED, 4100. */
  overRate: oneOf('throttle', 'close').default('throttle'),
  /** Of each of its connections. */
  connection: section({
    ...rates,
    /** Subscriptions at one time. (`limits.topicsPerConnectionMax` bounds those that a WebSocket request may name, too.) */
    topicsMax: count(1, 1_000_000).optional(),
  }).prefault({}),
})

export type ClientsConfig = z.output<typeof clients>
