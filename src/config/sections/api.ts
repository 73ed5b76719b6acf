/** The HTTP API. */

import { z } from 'zod'
import { count, duration, oneOf, section } from '../fields.js'
import { hourMs } from '../units.js'
import { listenerWays } from './auth.js'
import { hosts, port, proxyProtocol } from './listener.js'
import { listenerTls } from './tls.js'

export const api = section({
  /** Addresses of the HTTP API. Default: 127.0.0.1, and ::1 where the machine has it. */
  hosts: hosts(),
  port: port(8000),
  /** Asked for as `Authorization: Bearer …`, but by /live and /ready. Must be set when an address is not a loopback. */
  token: z.string('must be a text of 16..1024 characters').min(16, 'must be a text of 16..1024 characters')
    .max(1024, 'must be a text of 16..1024 characters').nullable().default(null),
  /** Which HTTP server. auto: Node's own; uWebSockets.js only by name, see docs/http-api.md. */
  server: oneOf('auto', 'node', 'uws').default('auto'),
  requestHeadMs: duration(10, hourMs).default(10_000),
  requestMs: duration(10, hourMs).default(30_000),
  /** Default: 1000, of fewer than 100,000 open files a hundredth, at least 128 or an eighth of them. They are not counted by limits.connectionsMax. */
  connectionsMax: count(1, 1_000_000).optional(),
  proxyProtocol: proxyProtocol(),
  auth: listenerWays(),
  tls: listenerTls(),
})

export type ApiConfig = z.output<typeof api>
