/**
 * Everything that can be configured: names, bounds, defaults. The environment variables and the meaning of a
 * configuration file follow from this file mechanically (paths.ts, sources.ts); what follows from the machine, such as
 * the number of connections, is filled in by engine-options.ts. "By memory": src/machine/memory-shares.ts.
 */

import { z } from 'zod'
import { bytes, closeCode, count, duration, fileMode, host, listOf, matching, network, oneOf, origin, originPattern, streamAddress, text, toggle, topicPattern } from './fields.js'

const KiB = 2 ** 10
const MiB = 2 ** 20
const GiB = 2 ** 30
const hourMs = 3_600_000

function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, 'must be a section of keys')
}

/** Whether connections from `trustedProxies` begin with a PROXY header, version 1 or 2; those without one are refused. */
function proxyProtocol() {
  return toggle().default(false)
}

function listener(defaultPort: number) {
  return section({
    /** Addresses to listen on. Default: 127.0.0.1, and ::1 where the machine has it. */
    hosts: listOf(host(), 'addresses').optional(),
    /** 0 picks a free port, the same one for all hosts. */
    port: count(0, 65535).default(defaultPort),
    /** Origins of web pages that may connect (`https://example.com`, `*` for any). null: pages of this machine and of `hosts` only. */
    origins: listOf(origin(), 'origins').nullable().default(null),
    proxyProtocol: proxyProtocol(),
  }).nullable().prefault({})
}

const policy = oneOf('disconnect', 'drop-oldest', 'latest')

const slowConsumerRule = section({
  /** The first rule whose pattern matches a topic counts. */
  topics: topicPattern(),
  policy: policy.default('disconnect'),
  /** Bytes of unsent log at which a subscriber is slow. Default: 16 MiB; more where messageBytesMax needs it. */
  bytesBehindMax: bytes(4 * KiB, 64 * GiB).optional(),
  /** Age of the oldest unsent publication at which a subscriber is slow. */
  ageMaxMs: duration(10, hourMs).default(10_000),
})

const limits = section({
  /** Connections at one time. Default: what the limit of open files allows, and memory. */
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
  /** Default: by memory, at most 100,000. */
  topicsMax: count(1, 10_000_000).optional(),
  /** All topic logs together. Default: by memory, at most 256 MiB; more where messageBytesMax needs it. */
  logBytesMax: bytes(1 * MiB, 64 * GiB).optional(),
  /**
   * Messages and request heads that came in part, of all connections but gRPC's: over it those that hold more than their part end.
   * Default: by memory, at most 256 MiB; more where messageBytesMax needs it.
   */
  receiveBufferBytesMax: bytes(1 * MiB, 64 * GiB).optional(),
  /** SO_SNDBUF asked of the kernel for each connection (which doubles it). Default: by memory, 16 to 64 KiB. */
  sendBufferBytes: bytes(4 * KiB, 4 * MiB).optional(),
})

const timeouts = section({
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

const api = section({
  /** Addresses of the HTTP API. Default: 127.0.0.1, and ::1 where the machine has it. */
  hosts: listOf(host(), 'addresses').optional(),
  port: count(0, 65535).default(8000),
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
})

/** One Pusher app: a tenant with its own channels, users and limits. */
export const pusherAppSchema = section({
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

const pusher = section({
  hosts: listOf(host(), 'addresses').optional(),
  port: count(0, 65535).default(6001),
  /** The listener is on when there is at least one. */
  apps: z.array(pusherAppSchema, 'must be a list of apps').default([]),
  /** What stands before `/app/…` and `/apps/…`, such as `/ws`. It may be missing where a proxy takes it away. */
  path: matching(/^(\/[\w.~-]+)*$/, 'must be a path such as /ws, without a slash at its end').default(''),
  /** Silence after which either side asks by a message; told to clients in whole seconds. `timeouts.pingIntervalMs` asks by ping frames before. */
  activityTimeoutMs: duration(1000, hourMs).default(120_000),
  pongMs: duration(10, hourMs).default(30_000),
  proxyProtocol: proxyProtocol(),
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

const grpc = section({
  /** Addresses to listen on. Default: 127.0.0.1, and ::1 where the machine has it. */
  hosts: listOf(host(), 'addresses').optional(),
  port: count(0, 65535).default(50_051),
  proxyProtocol: proxyProtocol(),
  /** Calls open at one time on one connection; told to clients, and refused over it. */
  streamsPerConnectionMax: count(1, 1_000_000).default(100_000),
  /** Calls open at one time on all connections; UNAVAILABLE over it. Default: by memory, at most 1,000,000. */
  streamsMax: count(1, 10_000_000).optional(),
  /** Messages that came in part, and apart from them answers that are not read, of one connection. Default: 8 MiB; more where messageBytesMax needs it. */
  bufferBytesPerConnectionMax: bytes(64 * KiB, 1 * GiB).optional(),
  /**
   * The same of all connections: over it those that hold more than their part end. Default: by memory, at most 256 MiB, at least
   * bufferBytesPerConnectionMax.
   */
  bufferBytesMax: bytes(1 * MiB, 64 * GiB).optional(),
})

const responder = section({
  /** tcp://127.0.0.1:8080, unix:/run/broker.sock, or a port of both loopbacks. */
  listen: listOf(streamAddress(), 'addresses'),
  /** What one request is: each chunk as it arrives (raw), or each line of at most 64 KiB (line). */
  framing: oneOf('raw', 'line').default('raw'),
  /** A fixed text, the request itself, or the last message of the topic that the request names. */
  reply: oneOf('fixed', 'echo', 'last').default('fixed'),
  text: text(64 * KiB).default('respuesta'),
  /** Instead of a last message that is not there. */
  missing: text(64 * KiB).default('none'),
  /** Permissions of a Unix socket. */
  mode: fileMode().default('0660'),
  /** How long a connection may ask nothing and not read; 0: for ever. */
  idleMs: duration(0, hourMs).default(300_000),
  proxyProtocol: proxyProtocol(),
})

const retain = section({
  /** Whose last message is kept. Default: all topics where a responder answers with it, else none. */
  topics: listOf(topicPattern(), 'topic patterns').nullable().default(null),
  /** Topics with a last message; those published to longest ago go first. At most half of limits.topicsMax counts. */
  topicsMax: count(1, 10_000_000).default(10_000),
  /** All last messages together. Default: by memory, at most 64 MiB; more where messageBytesMax needs it. */
  bytesMax: bytes(1 * KiB, 64 * GiB).optional(),
})

/** What `profile: latency` adds for the whole engine. */
/** Of `profile: latency`; without it they have no effect. */
const latency = section({
  /** How long a shard asks for work again before it sleeps, in µs. */
  spinUs: count(0, 1000, 'µs').default(50),
  /** SCHED_FIFO for the shards. */
  realTime: toggle().default(false),
  /** Keeps the process's memory from being swapped out. */
  lockMemory: toggle().default(false),
})

/** What `createBroker` takes. */
export const brokerSchema = section({
  /** The plain WebSocket listeners; null: none. */
  publish: listener(8001),
  subscribe: listener(8002),
  /** The HTTP API; null: none. */
  api: api.nullable().default(null),
  /** The Pusher protocol; it needs at least one app. */
  pusher: pusher.prefault({}),
  /** gRPC; null: not. */
  grpc: grpc.nullable().default(null),
  /** Answers requests on raw streams; null: does not. */
  responder: responder.nullable().default(null),
  /** Last messages of topics. */
  retain: retain.prefault({}),
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
  timeouts: timeouts.prefault({}),
  /** Rules, most special first. Topics that none matches get the default rule with `slowPolicy`. */
  slowConsumers: z.array(slowConsumerRule, 'must be a list of rules').default([]),
  /** Policy of the default rule (default: disconnect). */
  slowPolicy: policy.optional(),
})

/** What `broker start` takes: the same, and its logs. */
export const configSchema = brokerSchema.extend({
  /** On by default here, and so is the next. */
  api: api.nullable().prefault({}),
  grpc: grpc.nullable().prefault({}),
  log: section({
    level: oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent').default('info'),
    /** auto: pretty on a terminal, JSON otherwise. */
    format: oneOf('auto', 'pretty', 'json').default('auto'),
  }).prefault({}),
})

/** The default rule for topics that no configured rule matches, but for its policy. */
export const defaultSlowRule: SlowRule = slowConsumerRule.parse({ topics: '*' })

/** What the engine is told where there is no gRPC. */
export const defaultGrpc: GrpcConfig = grpc.parse({})

export type GrpcConfig = z.output<typeof grpc>

/** What the engine is told where there is no responder. */
export const defaultResponder: ResponderConfig = responder.parse({ listen: [0] })

export type ResponderConfig = z.output<typeof responder>

export type SlowRule = z.output<typeof slowConsumerRule>

export type ApiConfig = z.output<typeof api>
export type PusherConfig = z.output<typeof pusher>
export type PusherAppConfig = z.output<typeof pusherAppSchema>
export type WebhookName = NonNullable<PusherAppConfig['webhooks'][number]['events']>[number]

/** Options of `createBroker` as a program writes them: everything is optional. */
export type BrokerOptions = z.input<typeof brokerSchema>

/** Validated options with every default that does not depend on the machine. */
export type BrokerConfig = z.output<typeof brokerSchema>

/** Validated configuration of `broker start`. */
export type Config = z.output<typeof configSchema>
