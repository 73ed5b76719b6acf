/** A part of the contract of binding.ts: who may do what. Texts of an answer are one line of at most 1024 bytes each. */

import type { ConnectionId, ProtocolName } from './binding.js'
import type { ClientCertificate } from './tls.js'

/**
 * Somebody waits to be let in: a connection whose request is whole, or calls of a gRPC connection that bring the same credential. It waits for
 * `answerQuestions`, no longer than `handshakeMs`. While too many wait, no more are asked.
 */
export interface AuthAskedEvent {
  readonly type: 'auth-asked'
  readonly id: ConnectionId
  /** Which of the connection's questions this is. */
  readonly question: number
  readonly protocol: ProtocolName
  /** Its index in EngineOptions.listeners. */
  readonly listener: number
  readonly action: 'publish' | 'subscribe'
  /** The address without its port; `unix` on a Unix socket. */
  readonly peer: string
  /** A proxy's word, or somebody has handed the request on, or its Host header is a name that is not known to be this machine's. */
  readonly proxied: boolean
  readonly origin: string | null
  /** None where they are named later: each is then held to the grants. */
  readonly topics: readonly string[]
  readonly credential: {
    /** Headers; several of one name are joined by `, `. null: absent. */
    readonly authorization: string | null
    readonly subprotocols: string | null
    /** What stands behind the `?` of the target, not decoded. */
    readonly query: string
    /** `authorization` among a gRPC call's metadata. */
    readonly metadata: string | null
    readonly certificate: ClientCertificate | null
  }
  /** Those of setAskedHeaders that the request has. */
  readonly headers: Readonly<Record<string, string>>
}

declare const nativeGrants: unique symbol

/** Grants as the engine compares topics with; shared by all that are let in with them. */
export interface NativeGrants {
  readonly [nativeGrants]: true
}

export type AuthAnswer = { readonly id: ConnectionId, readonly question: number } & ({
  readonly allow: true
  readonly grants: NativeGrants
  /** Who it is, at most 4096 bytes; null: nobody said. */
  readonly subject: string | null
  /** Milliseconds until it ends, from now; null: it does not. */
  readonly endsInMs: number | null
  /** 0..4294967295: what it stands on, for `revoke`. */
  readonly standing: number
  /** Whether a WebSocket's subprotocols are answered with `bearer`. */
  readonly answersBearer: boolean
} | {
  readonly allow: false
  readonly status: 401 | 403 | 429 | 503
  /** The header WWW-Authenticate; null: none. */
  readonly challenge: string | null
  /** The header Retry-After, at most 86400; null: none. */
  readonly retryAfterSeconds: number | null
  /** One line for the client. */
  readonly told: string
})

/** What the control plane says about who may do what. */
export interface AuthCalls {
  /** Patterns with every `{sub}` replaced (src/config/grant-pattern.ts), at most 1000 a list, of at most 1024 bytes. */
  compileGrants(publish: readonly string[], subscribe: readonly string[]): NativeGrants
  /** One that nobody waits for any more is passed over. */
  answerQuestions(answers: readonly AuthAnswer[]): void
  /** Header fields that questions carry besides those that are always looked at, in small letters; at most 64. */
  setAskedHeaders(names: readonly string[]): void
  /**
   * Ends every connection and call that stands on one of these, as if its token had expired, spread over `withinMs` (0..3600000). What is let in
   * by a later call is not meant.
   */
  revoke(standings: readonly number[], withinMs: number): void
  /** The wall clock was set forward by so many milliseconds (back: less than 0); ends move with it. */
  shiftEnds(aheadMs: number): void
}
