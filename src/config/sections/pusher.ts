/** The Pusher protocol: where it is spoken, and by which apps. */

import { z } from 'zod'
import { bytes, closeCode, duration, matching, section } from '../fields.js'
import { GiB, KiB, MiB, hourMs } from '../units.js'
import { hosts, port, proxyProtocol } from './listener.js'
import { pusherApp } from './pusher-app.js'
import { listenerTls } from './tls.js'

export const pusher = section({
  hosts: hosts(),
  port: port(6001),
  /** The listener is on when there is at least one. */
  apps: z.array(pusherApp, 'must be a list of apps').default([]),
  /** What stands before `/app/…` and `/apps/…`, such as `/ws`. It may be missing where a proxy takes it away. */
  path: matching(/^(\/[\w.~-]+)*$/, 'must be a path such as /ws, without a slash at its end').default(''),
  /** Silence after which either side asks by a message; told to clients in whole seconds. `timeouts.pingIntervalMs` asks by ping frames before. */
  activityTimeoutMs: duration(1000, hourMs).default(120_000),
  pongMs: duration(10, hourMs).default(30_000),
  proxyProtocol: proxyProtocol(),
  tls: listenerTls(),
  /**
   * What a shutdown tells clients: 4100, to come back after a second, for a broker alone, whose next process is there by then; 4200, to come
   * back at once, for one of several behind a balancer.
   */
  drainCode: closeCode(4100, 4200).default(4100),
  webhooks: section({
    /** How long a webhook waits for others to go with it, and a vacated channel or removed member for a return. */
    batchMs: duration(0, 60_000).default(1000),
    returnMs: duration(0, 60_000).default(3000),
    requestMs: duration(10, 60_000).default(5000),
    /** How long one is tried again. */
    retryMs: duration(0, hourMs).default(300_000),
    /** What may wait for an endpoint that is down; the oldest go first. */
    queueBytesMax: bytes(4 * KiB, 1 * GiB).default(8 * MiB),
  }).prefault({}),
})

export type PusherConfig = z.output<typeof pusher>
