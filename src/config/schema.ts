/**
 * Everything that can be configured: what stands at the top, and the sections, one a file, with names, bounds and defaults. The
 * environment variables and the meaning of a configuration file follow from it mechanically (paths.ts, sources.ts); what follows from the
 * machine, such as the number of connections, is filled in by src/engine/. "By memory": src/machine/memory-shares.ts.
 */

import { z } from 'zod'
import { bytes, count, listOf, network, oneOf, section, toggle } from './fields.js'
import { api } from './sections/api.js'
import { auth } from './sections/auth.js'
import { clients } from './sections/clients.js'
import { grpc } from './sections/grpc.js'
import { historyRule } from './sections/history.js'
import { latency } from './sections/latency.js'
import { limits } from './sections/limits.js'
import { listener } from './sections/listener.js'
import { log } from './sections/log.js'
import { pusher } from './sections/pusher.js'
import { responder } from './sections/responder.js'
import { retain } from './sections/retain.js'
import { slowConsumerRule, slowPolicy } from './sections/slow-consumers.js'
import { timeouts } from './sections/timeouts.js'
import { tls } from './sections/tls.js'
import { GiB, MiB } from './units.js'

/** What `createBroker` takes. */
export const brokerSchema = section({
  /** The plain WebSocket listeners; null: none. */
  publish: listener(8001).nullable().prefault({}),
  subscribe: listener(8002).nullable().prefault({}),
  /** The HTTP API; null: none. */
  api: api.nullable().default(null),
  /** The Pusher protocol; it needs at least one app. */
  pusher: pusher.prefault({}),
  /** gRPC; null: not. */
  grpc: grpc.nullable().default(null),
  /** Answers requests on raw streams; null: does not. */
  responder: responder.nullable().default(null),
  /** Who may do what. null: nobody is asked, whoever reaches a listener may do everything there. */
  auth: auth.nullable().default(null),
  /** TLS on every listener that does not say otherwise. null: none. */
  tls: tls.nullable().default(null),
  /** Last messages of topics. */
  retain: retain.prefault({}),
  /** What topics keep for who comes back or comes late; rules, most special first. None: nothing is kept, and nothing is spent on it. */
  history: z.array(historyRule, 'must be a list of rules').max(1000, 'must be a list of at most 1000 rules').default([]),
  /** All histories together; over it the topics used longest ago lose their oldest. Default: by memory, at most 256 MiB. */
  historyBytesMax: bytes(1 * MiB, 64 * GiB).optional(),
  /** latency: shards on CPUs of their own, and what `latency` says. It costs idle power, not throughput. */
  profile: oneOf('default', 'latency').default('default'),
  latency: latency.prefault({}),
  /** Event-loop threads. Default: one less than the CPUs that this process may use or has a quota for, at least 1. */
  shards: count(1, 64).optional(),
  /** CPU numbers to pin shard k to (k modulo length), or null. */
  cpus: listOf(count(0, 1023), 'CPU numbers').nullable().default(null),
  /** SO_REUSEPORT on the listeners. */
  reusePort: toggle().default(false),
  /** Addresses and networks of proxies whose word on their clients' addresses is taken; they are not limited by address themselves. */
  trustedProxies: z.array(network(), 'must be a list of addresses and networks').max(1000, 'must be a list of at most 1000 addresses and networks')
    .default([]),
  /** The header by which they tell in requests. Others are not looked at: a proxy hands on what its client wrote there. */
  forwardedHeader: oneOf('x-forwarded-for', 'forwarded', 'none').default('x-forwarded-for'),
  /** How batches of writes reach the kernel. auto: io_uring where the system allows it, one system call each otherwise. */
  io: oneOf('auto', 'epoll', 'uring').default('auto'),
  limits: limits.prefault({}),
  clients: clients.prefault({}),
  timeouts: timeouts.prefault({}),
  /** Rules, most special first. Topics that none matches get the default rule with `slowPolicy`. */
  slowConsumers: z.array(slowConsumerRule, 'must be a list of rules').default([]),
  /** Policy of the default rule (default: disconnect). */
  slowPolicy: slowPolicy.optional(),
})

/** What `broker start` takes: the same, and its logs. */
export const configSchema = brokerSchema.extend({
  /** On by default here, and so is the next. */
  api: api.nullable().prefault({}),
  grpc: grpc.nullable().prefault({}),
  log: log.prefault({}),
})

/** Options of `createBroker` as a program writes them: everything is optional. */
export type BrokerOptions = z.input<typeof brokerSchema>

/** Validated options with every default that does not depend on the machine. */
export type BrokerConfig = z.output<typeof brokerSchema>

/** Validated configuration of `broker start`. */
export type Config = z.output<typeof configSchema>
