/** What the authorizer is asked: once for a connection, a call or a request, before it has a topic. */

import type { ApiRight } from '../config/sections/auth.js'
import type { CredentialParts } from './credential.js'
import type { Use } from './grants.js'

/** `read` and `admin` are of the HTTP API. */
export type Action = Use | ApiRight

export interface Question {
  /** What is spoken, such as `websocket-subscribe`; told to the webhook. */
  readonly protocol: string
  /** The section of the configuration that the listener is of, such as `subscribe`. */
  readonly listener: string
  /** The client's address, without its port; `unix` on a Unix socket. */
  readonly peer: string
  /** True when the address is a proxy's word, or the request says that a proxy handed it on: it is then not this machine's, whatever it is. */
  readonly proxied: boolean
  /** The page that a browser asks for, as its header says; null: no header. */
  readonly origin: string | null
  readonly action: Action
  /** Asked over the HTTP API: the action needs its right as well. */
  readonly api: boolean
  /** All that the request names; none when it names them later, where the engine holds each of them to the grants. */
  readonly topics: readonly string[]
  readonly credential: CredentialParts
  /** Those that the webhook is told (Authorizer.headers), names in small letters. */
  readonly headers: Readonly<Record<string, string>>
}

/** An answer's place: what has been asked under this id. */
export interface Asked<Id> {
  readonly id: Id
  readonly question: Question
}
