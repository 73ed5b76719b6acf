/**
 * Everything that can be configured: names, bounds, defaults. The environment variables and the meaning of a
 * configuration file follow from this file mechanically (paths.ts, sources.ts); what follows from the machine, such as
 * the number of connections, is filled in by engine-options.ts.
 */

import { z } from 'zod'
import { bytes, count, duration, host, listOf, oneOf, toggle, topicPattern } from './fields.js'

const KiB = 2 ** 10
const MiB = 2 ** 20
const GiB = 2 ** 30
const hourMs = 3_600_000

function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, 'must be a section of keys')
}

function listener(defaultPort: number) {
  return section({
    /** Addresses to listen on. Default: 127.0.0.1, and ::1 where the machine has it. */
    hosts: listOf(host(), 'addresses').optional(),
    /** 0 picks a free port, the same one for all hosts. */
    port: count(0, 65535).default(defaultPort),
  }).prefault({})
}

const policy = oneOf('disconnect', 'drop-oldest', 'latest')

const slowConsumerRule = section({
  /** The first rule whose pattern matches a topic counts. */
  topics: topicPattern(),
  policy: policy.default('disconnect'),
  /** Bytes of unsent log at which a subscriber is slow. */
  bytesBehindMax: bytes(4 * KiB, 64 * GiB).default(16 * MiB),
  /** Age of the oldest unsent publication at which a subscriber is slow. */
  ageMaxMs: duration(10, hourMs).default(10_000),
})

const limits = section({
  /** Connections at one time. Default: what the limit of open files allows. */
  connectionsMax: count(1, 10_000_000).optional(),
  /** Connections of one peer address at one time. Default: connectionsMax. */
  connectionsPerAddressMax: count(1, 10_000_000).optional(),
  messageBytesMax: bytes(1, 16 * MiB).default(64 * KiB),
  fragmentsPerMessageMax: count(1, 1_000_000).default(1024),
  controlFramesPerSecondMax: count(1, 65_534).default(100),
  handshakeBytesMax: bytes(1 * KiB, 1 * MiB).default(16 * KiB),
  handshakeHeadersMax: count(1, 1000).default(100),
  topicBytesMax: bytes(1, 1024).default(200),
  topicsPerConnectionMax: count(1, 1024).default(64),
  topicsMax: count(1, 10_000_000).default(100_000),
  /** All topic logs together. */
  logBytesMax: bytes(1 * MiB, 64 * GiB).default(256 * MiB),
  /** SO_SNDBUF asked of the kernel for each connection (which doubles it). */
  sendBufferBytes: bytes(4 * KiB, 4 * MiB).default(64 * KiB),
})

const timeouts = section({
  handshakeMs: duration(10, hourMs).default(10_000),
  pingIntervalMs: duration(10, hourMs).default(30_000),
  pongMs: duration(10, hourMs).default(10_000),
  closeMs: duration(10, hourMs).default(5000),
  /** How long a shutdown may take to close all connections. */
  drainMs: duration(0, hourMs).default(5000),
})

/** What `createBroker` takes. */
export const brokerSchema = section({
  publish: listener(8001),
  subscribe: listener(8002),
  /** Event-loop threads. Default: one less than this process's CPUs, at least 1. */
  shards: count(1, 64).optional(),
  /** CPU numbers to pin shard k to (k modulo length), or null. */
  cpus: listOf(count(0, 1023), 'CPU numbers').nullable().default(null),
  /** SO_REUSEPORT on the listeners. */
  reusePort: toggle().default(false),
  /** How batches of writes reach the kernel. auto: io_uring where the system allows it, one system call each otherwise. */
  io: oneOf('auto', 'epoll', 'uring').default('auto'),
  limits: limits.prefault({}),
  timeouts: timeouts.prefault({}),
  /** Rules, most special first. Topics that none matches get the default rule with `slowPolicy`. */
  slowConsumers: z.array(slowConsumerRule, 'must be a list of rules').default([]),
  /** Policy of the default rule (default: disconnect). */
  slowPolicy: policy.optional(),
})

/** What `broker start` takes: the same, and its logs. */
export const configSchema = brokerSchema.extend({
  log: section({
    level: oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent').default('info'),
    /** auto: pretty on a terminal, JSON otherwise. */
    format: oneOf('auto', 'pretty', 'json').default('auto'),
  }).prefault({}),
})

/** The default rule for topics that no configured rule matches, but for its policy. */
export const defaultSlowRule: SlowRule = slowConsumerRule.parse({ topics: '*' })

export type SlowRule = z.output<typeof slowConsumerRule>

/** Options of `createBroker` as a program writes them: everything is optional. */
export type BrokerOptions = z.input<typeof brokerSchema>

/** Validated options with every default that does not depend on the machine. */
export type BrokerConfig = z.output<typeof brokerSchema>

/** Validated configuration of `broker start`. */
export type Config = z.output<typeof configSchema>
