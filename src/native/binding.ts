/**
 * The whole contract between TypeScript and the C++ addon. Everything is explicit: every option present, `null` for
 * absent, never `undefined`. Values arrive validated (src/config); the addon checks only types and its own invariants.
 * Thread: the Node thread that loaded the addon. No call here is on the way of a message that came over a socket.
 */

/** A row of native/codec's protocol table: which bytes are spoken on a listener. */
export type ProtocolName = 'websocket-publish' | 'websocket-subscribe'

export interface ListenerOptions {
  readonly protocol: ProtocolName
  /** IPv4 or IPv6 address literal, or a name of /etc/hosts resolved beforehand. */
  readonly address: string
  /** 0..65535; 0 picks a free port. */
  readonly port: number
  /** True when the machine may lack this address (::1 without IPv6): then it is reported in `skipped`, not an error. */
  readonly optional: boolean
}

export interface SlowConsumerRule {
  /** Exact topic, or a prefix followed by `*`. The first matching rule counts; the last rule must be `*`. */
  readonly topics: string
  /** A row of native/conn/slow_policies.def. */
  readonly policy: 'disconnect' | 'drop-oldest' | 'latest'
  /** Bytes of unsent log; only counts while the kernel refuses this connection's bytes. */
  readonly bytesBehindMax: number
  /** Milliseconds since the oldest unsent publication; only counts while the kernel refuses this connection's bytes. */
  readonly ageMaxMs: number
}

export interface EngineOptions {
  readonly listeners: readonly ListenerOptions[]
  /** 1..64 event-loop threads. */
  readonly shards: number
  /** SO_REUSEPORT on the listeners. */
  readonly reusePort: boolean
  /** How batches of writes reach the kernel: one call each, or through an io_uring. `uring` only when it is available. */
  readonly io: 'epoll' | 'uring'
  readonly limits: {
    readonly connectionsMax: number
    readonly connectionsPerAddressMax: number
    readonly messageBytesMax: number
    readonly fragmentsPerMessageMax: number
    readonly controlFramesPerSecondMax: number
    readonly handshakeBytesMax: number
    readonly handshakeHeadersMax: number
    readonly topicBytesMax: number
    readonly topicsPerConnectionMax: number
    readonly topicsMax: number
    /** All topic logs together. */
    readonly logBytesMax: number
    /** SO_SNDBUF asked of the kernel for each connection (which doubles it). */
    readonly sendBufferBytes: number
  }
  readonly timeouts: {
    readonly handshakeMs: number
    readonly pingIntervalMs: number
    readonly pongMs: number
    readonly closeMs: number
  }
  readonly slowConsumers: readonly SlowConsumerRule[]
  /** CPU numbers to pin shard k to (k modulo length), or null. */
  readonly cpus: readonly number[] | null
}

export interface BoundListener {
  readonly protocol: ProtocolName
  readonly address: string
  readonly port: number
}

export interface SkippedListener extends BoundListener {
  /** The system's name of the error, such as EADDRNOTAVAIL. */
  readonly code: string
}

export interface ConnectionEvent {
  readonly type: 'connection'
  readonly id: bigint
  readonly protocol: ProtocolName
  /** Peer as `127.0.0.1:4711` or `[::1]:4711`. */
  readonly peer: string
  readonly topics: readonly string[]
}

export interface DisconnectEvent {
  readonly type: 'disconnect'
  readonly id: bigint
  readonly protocol: ProtocolName
  readonly peer: string
  /** The close code sent or received; 1006 when the stream just ended. */
  readonly code: number
  /** Why, in a few words: ours when we closed, the peer's when it did. */
  readonly reason: string
}

export interface SlowEvent {
  readonly type: 'slow'
  readonly id: bigint
  readonly peer: string
  readonly topic: string
  readonly policy: SlowConsumerRule['policy']
  readonly bytesBehind: number
  readonly ageMs: number
  /** Publications skipped by this event (for `disconnect`: those it was behind). */
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

export type EngineEvent = ConnectionEvent | DisconnectEvent | SlowEvent | WarningEvent | DrainedEvent

/** Counters by their names in native/metrics/metrics.def, summed over shards. Counters never decrease; gauges are named `*_now`. */
export type EngineStats = Readonly<Record<string, number>>

export interface TopicStats {
  readonly topic: string
  readonly subscribers: number
  readonly published: number
  /** Publications skipped for slow consumers, by policy. */
  readonly skipped: Readonly<Record<SlowConsumerRule['policy'], number>>
}

export interface NativeEngine {
  readonly listeners: readonly BoundListener[]
  readonly skipped: readonly SkippedListener[]
  /**
   * Publishes to every subscriber of the topic. A string is sent as text, bytes as binary. Returns the publication's offset
   * in its topic, from 0. Throws an Error with `code` ERR_TOPIC (invalid name), ERR_MESSAGE_BYTES (over messageBytesMax),
   * ERR_LOG_BYTES (logs are full), ERR_TOPICS (topicsMax reached) or ERR_CLOSED.
   */
  publish(topic: string, payload: string | Uint8Array): number
  stats(): EngineStats
  /** At most `max` topics, most skipped first, then most subscribers. */
  topicStats(max: number): TopicStats[]
  /** Which of `connection` and `disconnect` events to produce (warning, slow and drained always are). */
  setConnectionEvents(on: boolean): void
  /**
   * Stops accepting and closes every connection with 1001, paced over three quarters of `drainMs`; who has not answered at its
   * end is cut (close handshakes get a second at least). Ends with a `drained` event.
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
  /** Soft and hard limit of open files of this process; `raiseFileLimit` sets soft = hard and returns the new soft limit. */
  fileLimit(): { readonly soft: number; readonly hard: number }
  raiseFileLimit(): number
  /** Whether this system lets this process use io_uring. */
  uringAvailable(): boolean
}
