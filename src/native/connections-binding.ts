/** A part of the contract of binding.ts: connections, what their clients may do, who is connected, and ending one. */

import type { ConnectionId } from './binding.js'
import type { ConnectionProtocol } from './protocol-names.js'

export interface ConnectionEvent {
  readonly type: 'connection'
  readonly id: ConnectionId
  readonly protocol: ConnectionProtocol
  /** Peer as `127.0.0.1:4711` or `[::1]:4711`, the address alone where a proxy has told no port, or `unix`. */
  readonly peer: string
  /** None where the connection's streams name theirs. */
  readonly topics: readonly string[]
}

export interface DisconnectEvent {
  readonly type: 'disconnect'
  readonly id: ConnectionId
  readonly protocol: ConnectionProtocol
  readonly peer: string
  /** The close code sent or received; 1006 when the stream just ended. */
  readonly code: number
  /** Why, in a few words: ours when we closed, the peer's when it did. */
  readonly reason: string
}

/** Against one client; 0: no limit. The first four are of all its connections together (handshakes: of one address). */
export interface ClientLimits {
  /** 0..10000000. */
  readonly publicationsPerSecondMax: number
  /** 0..4294967295, as the other bytes. */
  readonly bytesPerSecondMax: number
  readonly connectionsMax: number
  /** 0..1000000. */
  readonly handshakesPerSecondMax: number
  readonly connectionPublicationsPerSecondMax: number
  readonly connectionBytesPerSecondMax: number
  /** 0..1000000, subscriptions at one time. */
  readonly connectionTopicsMax: number
  readonly overRate: 'throttle' | 'close'
}

/** What connections are put in order by: the largest first (`age`: the oldest), then by id. */
export type ConnectionOrder = 'id' | 'age' | 'messagesIn' | 'messagesOut' | 'bytesIn' | 'bytesOut' | 'pendingBytes' | 'throttledMs'

/** Which connections are asked for. null is no condition. */
export interface ConnectionQuery {
  readonly protocol: ConnectionProtocol | null
  /** Its index in EngineOptions.listeners. */
  readonly listener: number | null
  /** What its peer begins with, as events tell it. */
  readonly peer: string | null
  /** It publishes to, or is subscribed to, a topic whose name begins so. */
  readonly topic: string | null
  /** Of its credential, whole. */
  readonly subject: string | null
  readonly order: ConnectionOrder
  /** 1..10000, of each shard. */
  readonly limit: number
  /** Only those that stand behind this one. */
  readonly after: { readonly value: number; readonly id: ConnectionId } | null
}

/** A connection. */
export interface ConnectionRow {
  readonly id: ConnectionId
  /** What it was put in order by. */
  readonly value: number
  readonly protocol: ConnectionProtocol
  readonly listener: number
  readonly peer: string
  readonly subject: string | null
  /** Unix time in seconds. */
  readonly acceptedS: number
  readonly state: 'handshake' | 'open' | 'closing'
  /** The topic of its last publication. */
  readonly publishesTo: string | null
  /** The first 20 that it is subscribed to. (Of more than 1024 subscriptions of a connection the first 1024 are looked into.) */
  readonly topics: readonly string[]
  readonly subscriptions: number
  /** Publications. */
  readonly messagesIn: number
  /** Publications that were written to it as a whole. */
  readonly messagesOut: number
  /** As TCP counted them, encryption and handshake included; null: it is no TCP connection. */
  readonly bytesIn: number | null
  /** The same of what has arrived. */
  readonly bytesOut: number | null
  /** What waits for it: in logs, in buffers, and in the kernel. */
  readonly pendingBytes: number
  /** It is not read now because of a rate (`clients`). */
  readonly throttled: boolean
  /** For how long it has not been, all in all. */
  readonly throttledMs: number
}

/** One shard's answer to `findConnections`; each shard gives one. */
export interface ConnectionsEvent {
  readonly type: 'connections'
  readonly ask: number
  /** That the query matches; `after` is no condition. */
  readonly matches: number
  readonly rows: readonly ConnectionRow[]
}

/** The answer to `removeConnection`. */
export interface ConnectionRemovedEvent {
  readonly type: 'connection-removed'
  readonly ask: number
  readonly found: boolean
}

export interface ConnectionCalls {
  /** Asks every shard for its connections, a part of them in each of its turns. `ask`, from 1, is the caller's: the answers name it. */
  findConnections(ask: number, query: ConnectionQuery): void
  /** Ends a connection in its protocol's words. False: there cannot be one of that id; else the answer says whether there was. */
  removeConnection(ask: number, id: ConnectionId): boolean
}
