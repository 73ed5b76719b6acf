/** What node-server.ts knows of its connections and their requests. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ClientCertificate } from '../native/tls.js'
import type { TakeBack } from './contract.js'

/** Where a connection comes from. */
export interface Origin {
  readonly takeBack: TakeBack | null
  /** Its address, or its client's where a PROXY header told of one. */
  readonly peer: string
  readonly certificate: ClientCertificate | null
}

/** What is known of a connection besides its socket. */
export interface Connection extends Origin {
  /** Requests whose head is here and whose answer is not written yet. */
  open: number
  /** No further request is looked at: the last answer is on its way, or waits for those before it. */
  refused: boolean
  /** The request that came last. */
  last: Exchange | null
  /** Answers that the system has not taken to their end. */
  unsent: number
  /** What waits for that. */
  onSent: () => void
}

/** One request and the place for its answer. */
export interface Exchange {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly connection: Connection
  answered: boolean
  /** It will never be answered: it did not come whole. */
  dropped: boolean
}
