/**
 * The whole contract between TypeScript and the C++ addon. Everything is explicit: every option present, `null` for
 * absent, never `undefined`. The addon holds every value to what is written here, whoever calls: another type is a TypeError, a
 * value out of bounds a RangeError, both end `got: …`. Counts are 1..10000000, times 1..3600000 ms, texts that go with a publication
 * at most 1024 bytes and lists at most 10000 elements, unless said otherwise, here or in native/addon/engine_numbers.def; src/config has
 * narrower bounds for users.
 * Thread: the Node thread that loaded the addon. No call here is on the way of a message that came over a socket.
 */

import type { GrpcConfig } from '../config/sections/grpc.js'
import type { LimitsConfig } from '../config/sections/limits.js'
import type { TimeoutsConfig } from '../config/sections/timeouts.js'
import type { AuthAskedEvent, AuthCalls } from './auth-binding.js'
import type { ClientLimits, ConnectionCalls, ConnectionEvent, ConnectionRemovedEvent, ConnectionsEvent, DisconnectEvent } from './connections-binding.js'
import type { HistoryCalls, HistoryRules } from './history-binding.js'
import type { ProtocolName } from './protocol-names.js'
import type { ProxyCalls } from './proxy-binding.js'
import type { ClientCertificate, TlsCalls, TlsOptions } from './tls.js'

export type { AuthAnswer, AuthAskedEvent, AuthCalls, NativeGrants } from './auth-binding.js'
export type * from './connections-binding.js'
export type { HistoryAsk, HistoryPage, HistoryRule, KeptMessage } from './history-binding.js'
export type { ProxyCalls, ProxyHeader } from './proxy-binding.js'
export type { ConnectionProtocol, ProtocolName } from './protocol-names.js'

/** Names a connection for as long as it lives and never its successor: an integer below 2^53. 0 names none. */
export type ConnectionId = number

export interface ListenerOptions {
  readonly protocol: ProtocolName
  /** IPv4 or IPv6 address literal, or `unix:` and the path of a Unix socket (stream). */
  readonly address: string
  /** 0..65535; 0 picks a free port. 0 with a path. */
  readonly port: number
  /** True when the machine may lack this address (::1 without IPv6): then it is reported in `skipped`, not an error. */
  readonly optional: boolean
  /**
   * Of protocols whose targets name topics: origins of pages that may connect, in small letters, `*` for any; null: pages of this
   * machine only.
   */
  readonly origins: readonly string[] | null
  /** Names of this server in small letters, besides localhost: where `origins` is null, a page of theirs may connect too. */
  readonly names: readonly string[]
  /** Trusted proxies begin each connection with a PROXY header, and are refused without one. */
  readonly proxyProtocol: boolean
  /** Whether who may do what is asked (auth-binding.ts) before anything is done. Where `origins` is null, pages are then part of the question. */
  readonly asks: boolean
  /** Index in EngineOptions.tls; null: plain. */
  readonly tls: number | null
  /** Permissions of a Unix socket's file, 0..0o777. null for other addresses. */
  readonly socketMode: number | null
}

export interface SlowConsumerRule {
  /** Exact topic, or a prefix followed by `*`. The first matching rule counts; the last rule must be `*`. */
  readonly topics: string
  /** A row of native/conn/slow_policies.def. */
  readonly policy: 'disconnect' | 'drop-oldest' | 'latest'
  /** Bytes of unsent log, at most 64 GiB; only counts while the kernel refuses this connection's bytes. */
  readonly bytesBehindMax: number
  /** Milliseconds since the oldest unsent publication; only counts while the kernel refuses this connection's bytes. */
  readonly ageMaxMs: number
}

/**
 * Keys of a section of the configuration, each a number and none left out. Each is a row of native/addon/engine_numbers.def, with the
 * bounds that hold here; their meaning is told in src/config/sections/.
 */
type Numbers<Section> = { readonly [Key in keyof Section]-?: number }

export interface EngineOptions {
  readonly listeners: readonly ListenerOptions[]
  /** What listeners speak TLS by. */
  readonly tls: readonly TlsOptions[]
  /** 1..64 event-loop threads. */
  readonly shards: number
  /** SO_REUSEPORT on the listeners. */
  readonly reusePort: boolean
  /** Prefixes of topics that only sessions may use, and publish() here. */
  readonly reservedTopics: readonly string[]
  /** Whose word on the addresses of their clients is taken. */
  readonly proxies: {
    /** IP addresses, networks (`10.0.0.0/8`, no bits behind the prefix), or `unix` for peers on Unix sockets. */
    readonly trusted: readonly string[]
    /** The header of requests by which they tell. */
    readonly header: 'none' | 'x-forwarded-for' | 'forwarded'
  }
  /** How batches of writes reach the kernel: one call each, or through an io_uring. `uring` only when it is available. */
  readonly io: 'epoll' | 'uring'
  readonly limits: Numbers<LimitsConfig>
  readonly clients: ClientLimits
  readonly timeouts: Numbers<Omit<TimeoutsConfig, 'drainMs'>>
  /** For protocols with sessions: silence after which the peer is pinged, and how long its answer may take. */
  readonly sessions: {
    readonly pingIntervalMs: number
    readonly pongMs: number
    /**
     * Close code of a drain, 4000..4999. With 4100..4199, whose clients come back after a second, WebSocket listeners stay open until the
     * drain has ended (unless `reusePort`); with others they close when it begins.
     */
    readonly drainCode: number
  }
  /** For protocols with streams: many in one connection. */
  readonly grpc: Numbers<Omit<GrpcConfig, 'hosts' | 'port' | 'proxyProtocol' | 'auth' | 'tls'>>
  readonly slowConsumers: readonly SlowConsumerRule[]
  /** How listeners of the protocols `responder-…` answer. */
  readonly responder: {
    readonly reply: 'fixed' | 'echo' | 'last'
    /** At most 1 MiB, as the next. */
    readonly text: string
    /** Instead of a last message that is not there. */
    readonly missing: string
    /** 0: a silent connection is never closed. */
    readonly idleMs: number
  }
  /** Whose last message is kept: patterns as in slow-consumer rules; none: nothing is. */
  readonly retain: {
    readonly topics: readonly string[]
    readonly topicsMax: number
    /** At most 64 GiB. */
    readonly bytesMax: number
  }
  /** What topics keep for replays; no rule: nothing. The first rule that matches a topic counts, patterns as in slow-consumer rules. */
  readonly history: HistoryRules
  readonly latency: {
    /** 0..1000: how long shards ask again before they sleep. */
    readonly spinUs: number
    readonly realTime: boolean
    readonly lockMemory: boolean
  }
  /** CPU numbers, 0..1023, to pin shard k to (k modulo length), or null. */
  readonly cpus: readonly number[] | null
}

export interface BoundListener {
  readonly protocol: ProtocolName
  readonly address: string
  readonly port: number
  /** Of `::`: whether IPv4 clients come in too. */
  readonly dualStack: boolean
  /** Whether another process listens there too (`reusePort`): then the kernel deals connections out between them. */
  readonly shared: boolean
}

export interface SkippedListener extends BoundListener {
  /** The system's name of the error, such as EADDRNOTAVAIL. */
  readonly code: string
}

/** Something that was asked of the system for the shards. */
export interface Tuning {
  readonly name: 'spin' | 'cpus' | 'real-time' | 'memory'
  /** null: applied; else the system's name of the error that refused it. */
  readonly code: string | null
}

export interface SlowEvent {
  readonly type: 'slow'
  readonly id: ConnectionId
  readonly peer: string
  readonly topic: string
  readonly policy: SlowConsumerRule['policy']
  readonly bytesBehind: number
  readonly ageMs: number
  /** Publications skipped by this event (for `disconnect`: those it was behind). Of protocols with streams, one stream is meant. */
  readonly skipped: number
}

/** Something an operator should know: a failing accept loop, a refused handshake, the log limit … */
export interface WarningEvent {
  readonly type: 'warning'
  /** A stable short name, such as `accept-failed`; the same name repeats, so log it rate-limited. */
  readonly name: string
  readonly message: string
}

export interface DrainedEvent {
  readonly type: 'drained'
  /** Connections that were cut at the end of the time, because their peers did not answer the close frame. */
  readonly cut: number
}

/**
 * A connection of a protocol whose rules are the control plane's (a row with the role `session`) has been upgraded and waits
 * for `acceptSession` or `closeSession`. Session events of one connection come in order, none is ever dropped: while many
 * wait, the engine does not read from sessions.
 */
export interface SessionOpenEvent {
  readonly type: 'session-open'
  readonly id: ConnectionId
  readonly protocol: ProtocolName
  readonly peer: string
  /** The request target as received, such as `/app/key?protocol=7`. */
  readonly target: string
  /** The Origin header, or null. */
  readonly origin: string | null
}

/** A text message that the engine does not act on by itself. */
export interface SessionMessageEvent {
  readonly type: 'session-message'
  readonly id: ConnectionId
  readonly text: string
  /** True for a publication of the client that was permitted but came over the session's rate limit. */
  readonly overRate: boolean
}

/** A publication of a client that the engine has delivered already; only for sessions that ask for it. */
export interface SessionPublishedEvent {
  readonly type: 'session-published'
  readonly id: ConnectionId
  readonly topic: string
  /** The event's name. */
  readonly event: string
  readonly data: string
}

/** The last event of a session; its subscriptions are gone. Its connection may still wait for the answer to a close frame. */
export interface SessionEndEvent {
  readonly type: 'session-end'
  readonly id: ConnectionId
  readonly code: number
  readonly reason: string
}

/** A plain HTTP request came to a listener that shares its port with an HTTP API: the receiver owns `fd` from now on. */
export interface HttpConnectionEvent {
  readonly type: 'http-connection'
  readonly protocol: ProtocolName
  readonly fd: number
  /** Its index in EngineOptions.listeners. */
  readonly listener: number
  readonly peer: string
  /** What was read already: the request's head and whatever came behind it. */
  readonly head: Uint8Array
  /** Whether it came over TLS: then `fd` is one end of a pair, which the engine serves decrypted. */
  readonly secure: boolean
  /** Which TLS has verified; null: none. */
  readonly certificate: ClientCertificate | null
}

export type SessionEvent = SessionOpenEvent | SessionMessageEvent | SessionPublishedEvent | SessionEndEvent

export type EngineEvent = ConnectionEvent | DisconnectEvent | SlowEvent | WarningEvent | DrainedEvent | SessionEvent | HttpConnectionEvent
  | HeardEvent | AuthAskedEvent | ConnectionsEvent | ConnectionRemovedEvent

/** What may go with a published payload. */
export interface PublishDetails {
  /** The event's name for protocols that have one (Pusher), 1 byte at least; null: `message`. */
  readonly event: string | null
  /** Who published, for protocols that tell (presence channels); null: nobody in particular. */
  readonly userId: string | null
  /** A connection that is not to receive it; 0: nobody is left out. */
  readonly excluded: ConnectionId
}

export interface SessionOptions {
  /** What the names of all of the session's topics begin with; a client names topics without it. */
  readonly namespace: string
  /** Publications of this client a second, 0..65535; 0: all go to the control plane as messages. */
  readonly publicationsPerSecondMax: number
  /** Bytes of one's data, 1..1048576; a longer one goes to the control plane as a message. */
  readonly publicationBytesMax: number
  /** Whether to tell of each publication that was delivered. */
  readonly reportPublications: boolean
}

export interface JoinOptions {
  /** Text messages that are sent before the first publication: the acknowledgement and what belongs to it. */
  readonly greeting: readonly string[]
  /** Whether the client may publish events named `client-…` to this topic itself. */
  readonly publishes: boolean
  /** Goes with each of its publications, see PublishDetails. */
  readonly userId: string | null
}

/** The calls for sessions. An id that is gone is ignored: its `session-end` is on its way. */
export interface SessionCalls {
  /** As NativeEngine.publish. */
  publish(topic: string, payload: string | Uint8Array, details: PublishDetails | null): number
  /** Lets the session's own publications through; call it once, before anything else. */
  acceptSession(id: ConnectionId, options: SessionOptions): void
  /** Sends one text message to this connection alone. */
  sendToSession(id: ConnectionId, text: string): void
  /**
   * Subscribes the connection to a topic. Everything published after this call returns reaches it, and nothing before; the
   * greeting comes first. Who joins a topic again is sent the greeting, in its place among the publications, and nothing else changes.
   * Throws an Error with `code` ERR_TOPIC (invalid name) or ERR_TOPICS (topicsMax reached).
   */
  joinTopic(id: ConnectionId, topic: string, options: JoinOptions): void
  leaveTopic(id: ConnectionId, topic: string): void
  /**
   * Sends everything before it, then a close frame with `code` (1000..1003, 1007..1014 or 3000..4999: RFC 6455 §7.4) and `reason`
   * (cut to 123 bytes).
   */
  closeSession(id: ConnectionId, code: number, reason: string): void
}

export type EngineStatus = {
  /** Milliseconds since each shard last turned, by shard; each is woken by the call. */
  readonly turnAgesMs: readonly number[]
}

/** Counters by their names in native/metrics/metrics.def, summed over shards. Counters never decrease; gauges are named `*_now`. */
export type EngineStats = Readonly<Record<string, number>>

/** What may wait for a subscriber within this process; the oldest publications make room for more. */
export interface ListenLimits {
  /** 1..1000000. */
  readonly messagesMax: number
  /** Of payloads, 1..1073741824; a longer one alone is dropped itself. */
  readonly bytesMax: number
}

/** A publication as a subscriber within this process hears it. */
export interface HeardMessage {
  /** What was published as text is a string, as binary bytes of its own. */
  readonly payload: string | Buffer
  /** Its place in the topic, as `publish` returns it. */
  readonly offset: number
  /** Publications right before it that were dropped, because the queue was full. */
  readonly dropped: number
}

/** Something waits to be heard; told once until it was taken (`hear`). */
export interface HeardEvent {
  readonly type: 'heard'
  /** As `listen` returned it. */
  readonly id: number
}

export interface TopicStats {
  readonly topic: string
  readonly subscribers: number
  readonly published: number
  /** Publications skipped for slow consumers, by policy. */
  readonly skipped: Readonly<Record<SlowConsumerRule['policy'], number>>
}

export interface NativeEngine extends SessionCalls, ProxyCalls, AuthCalls, ConnectionCalls, HistoryCalls, TlsCalls {
  /**
   * Gives the connection of an `http-connection` event back, for an upgrade to WebSocket behind other requests. From here on it counts as if
   * it had just been accepted. The engine makes a descriptor of its own of `fd`: close yours without shutting the connection down.
   * `listener` and `peer` are the event's, `head` all bytes that were read and not served, from the upgrade request's first one on.
   * Throws an Error with `code` EMFILE, EBADF … when there is no other descriptor to be had, or ERR_CLOSED.
   */
  takeBack(fd: number, listener: number, peer: string, head: Uint8Array): void
  readonly listeners: readonly BoundListener[]
  readonly skipped: readonly SkippedListener[]
  /** Only what was asked for. */
  readonly tuning: readonly Tuning[]
  /**
   * Publishes to every subscriber of the topic. A string is sent as text, bytes as binary. Returns the publication's offset
   * in its topic, from 0. Throws an Error with `code` ERR_TOPIC (invalid name), ERR_MESSAGE_BYTES (over messageBytesMax),
   * ERR_LOG_BYTES (logs are full), ERR_TOPICS (topicsMax reached) or ERR_CLOSED.
   */
  publish(topic: string, payload: string | Uint8Array, details: PublishDetails | null): number
  stats(): EngineStats
  /** What each of them counts, by its name: a few words without a full stop. */
  explainStats(): Readonly<Record<string, string>>
  /** Wakes every shard and says when each last turned: a shard that is stuck grows old. */
  status(): EngineStatus
  /** What each shard did last, for people: a line each, the oldest first, such as `12345.678901 blocked connection 17 fd 12`. */
  flightRecords(): string[][]
  /** To be called every few seconds: gives memory back that was needed for a while. */
  giveBack(): void
  /** At most `max` topics, most skipped first, then most subscribers. */
  topicStats(max: number): TopicStats[]
  /** One topic, or null when nobody uses it or has used it lately. */
  topicStat(topic: string): TopicStats | null
  /**
   * Everything published to the topic after this call is put into a queue of this process, off the way of other subscribers, until
   * `unlisten`. Returns its id, from 1. Throws an Error with `code` ERR_TOPIC, ERR_TOPICS, ERR_CLOSED, or ERR_SUBSCRIPTIONS (100,000 there are).
   */
  listen(topic: string, limits: ListenLimits): number
  /** Takes up to `max` (1..1000000) publications from the queue, oldest first; also after `stop`. None for an id that is gone. */
  hear(id: number, max: number): HeardMessage[]
  /** Lets go of the queue and what waits in it. Passed over for an id that is gone. */
  unlisten(id: number): void
  /** Publications that found no room in the queue so far; 0 for an id that is gone. */
  dropped(id: number): number
  /** Which of `connection` and `disconnect` events to produce (warning, slow and drained always are). */
  setConnectionEvents(on: boolean): void
  /**
   * Lets no new connection in and closes every connection with 1001 (sessions: `sessions.drainCode`), paced over three quarters of `drainMs`
   * (0..3600000); who has not answered at its end is cut (close handshakes get a second at least). Ends with a `drained` event.
   */
  drain(drainMs: number): void
  /** Ends all threads and closes every socket at once; returns when they are joined. Idempotent. */
  stop(): void
}

export interface NativeAddon {
  /**
   * Binds all listeners, then starts the threads. Throws an Error with `code` (EADDRINUSE, EACCES, …), `address` and `port` when a
   * listener cannot be bound; nothing runs then. `onEvents` is called on this thread with batches, oldest first.
   */
  createEngine(options: EngineOptions, onEvents: (events: readonly EngineEvent[]) => void): NativeEngine
  /** As createEngine and setTls look at it, without an engine. Throws as they do. */
  checkTls(options: TlsOptions): void
  /** Raises the soft limit of open files of this process to the hard one, and returns what is then in force. */
  raiseFileLimit(): number
  /** Whether this system lets this process use io_uring. */
  uringAvailable(): boolean
}
