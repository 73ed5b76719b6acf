/** How long things may take. The engine gets every key of it but `drainMs`. */

import type { z } from 'zod'
import { duration, section } from '../fields.js'
import { hourMs } from '../units.js'

export const timeouts = section({
  handshakeMs: duration(10, hourMs).default(10_000),
  /**
   * How long an HTTP connection may wait for its next request, on every port. Longer than proxies keep theirs (60 s, often): whoever closes
   * first must not be the one who is asked.
   */
  keepAliveMs: duration(10, hourMs).default(75_000),
  /** From a message's first byte to its last; gRPC: `handshakeMs`. */
  messageMs: duration(10, hourMs).default(30_000),
  /** Silence of a client after which it is pinged, up to an eighth later: well below the minute after which proxies cut what is silent. */
  pingIntervalMs: duration(10, hourMs).default(30_000),
  pongMs: duration(10, hourMs).default(10_000),
  closeMs: duration(10, hourMs).default(5000),
  /** How long a shutdown may take to close all connections. */
  drainMs: duration(0, hourMs).default(5000),
})

export type TimeoutsConfig = z.output<typeof timeouts>
