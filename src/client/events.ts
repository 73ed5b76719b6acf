/** What a subscription tells, and how it is asked for. This folder runs in browsers and in Node: it imports nothing but itself. */

/** A publication. */
export interface MessageEvent {
  readonly type: 'message'
  readonly topic: string
  /** "I have everything of this topic up to and including this one": for `since`. */
  readonly position: string
  /** The value of a text that is JSON, any other text as a string, bytes as a Uint8Array. */
  readonly data: unknown
}

/** Publications of a topic that are not to be had any more, in their place among the messages. */
export interface GapEvent {
  readonly type: 'gap'
  readonly topic: string
  /** How many are missing; null: that is not known, as after a restart of a broker that keeps no history on disk. */
  readonly skipped: number | null
  /** The first and the last position that are missing, as far as they are known. */
  readonly from: string | null
  readonly to: string | null
}

/** What the iterator gives. */
export type SubscriptionEvent = MessageEvent | GapEvent

/** What has become of a connection; each has the topics that it is for. */
export type ConnectionState =
  | { readonly state: 'open', readonly topics: readonly string[] }
  /** This topic has caught up: what was missed has been told, from here on publications come as they are made. */
  | { readonly state: 'live', readonly topics: readonly string[] }
  | { readonly state: 'lost', readonly topics: readonly string[], readonly reason: string, readonly retryMs: number }

/** The part of a WebSocket that is used: the browser's, Node's and that of the package `ws` have it. */
export interface ClientSocket {
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  close(code?: number): void
}

export type ClientSocketConstructor = new (url: string, protocols: string[]) => ClientSocket

export interface SubscribeOptions {
  readonly topics: string | readonly string[]
  /**
   * Where to begin: a position, or `beginning`, which is the oldest publication that is kept; for several topics an object of them by topic,
   * such as `subscription.positions` of another time. A topic without one begins with what is published from now on.
   */
  readonly since?: string | Readonly<Record<string, string>> | undefined
  /** Instead: begins each topic with its last so many publications that are kept, 1 or more. */
  readonly last?: number | undefined
  /** Goes with each connection; a function is asked before each, so what it gives may be short-lived. */
  readonly token?: string | (() => string | Promise<string>) | undefined
  /** Ends the subscription: the iterator and `done` throw its reason. */
  readonly signal?: AbortSignal | undefined
  /** Called with each publication, and each gap. Without `onMessage` the iterator gives both. */
  readonly onMessage?: ((message: MessageEvent) => void) | undefined
  readonly onGap?: ((gap: GapEvent) => void) | undefined
  readonly onState?: ((state: ConnectionState) => void) | undefined
  /**
   * Events that may wait for the iterator (default: 10,000). Over it connections are closed, and made again when half of them are taken:
   * a program that is slow gets everything that the broker still keeps then, and a gap for the rest.
   */
  readonly waitingMax?: number | undefined
  /** Topics that share a connection, at most (default: 16). */
  readonly topicsPerConnection?: number | undefined
  /** The first wait before a connection is made again and the longest one, in milliseconds; of each a random part (default: 500, 20000). */
  readonly retryMs?: number | undefined
  readonly retryMsMax?: number | undefined
  /** How long making a connection may take, in milliseconds (default: 10000). */
  readonly connectMs?: number | undefined
  /** Instead of the platform's own. */
  readonly WebSocket?: ClientSocketConstructor | undefined
}

/** The subscription has ended and would end so again: it is refused, or the server is none that speaks so. */
export class SubscriptionError extends Error {
  override readonly name = 'SubscriptionError'
  /** The close code, or the status of the answer that refused the connection where it is known; 0: neither. */
  readonly code: number

  constructor(message: string, code: number) {
    super(message)
    this.code = code
  }
}
