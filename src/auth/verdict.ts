/** What the authorizer answers. */

import type { Way } from '../config/sections/auth.js'
import type { Grants } from './grants.js'
import { grpcCodes, refusals, type GrpcCode, type RefusalCode, type RefusalStatus } from './refusals.js'

/** What a connection stands on: when that falls away (revocation.ts), so does the connection. */
export interface Standing {
  readonly way: Way
  /** Which token, key or certificate: its name in the configuration, or the key's id. Of a webhook or of anonymous: empty. */
  readonly name: string
  /** The section of the listener. */
  readonly listener: string
}

export interface Allowed {
  readonly allow: true
  /** The same object for everybody with the same credential: it is compiled once. */
  readonly grants: Grants
  /** Who it is, for limits and logs; null: nobody said. Text of the token's issuer: to be made printable. */
  readonly subject: string | null
  /** When the connection is to be closed, in milliseconds since 1970; null: never. */
  readonly expiresAt: number | null
  /** What to answer a WebSocket handshake's subprotocols with; null: nothing on behalf of the credential. */
  readonly subprotocol: 'bearer' | null
  readonly standing: Standing
}

export interface Refused {
  readonly allow: false
  readonly code: RefusalCode
  readonly status: RefusalStatus
  /** The header of this name; null: none. */
  readonly wwwAuthenticate: string | null
  /** The header Retry-After; null: none. */
  readonly retryAfterSeconds: number | null
  readonly grpc: GrpcCode
  /** One line for the client. */
  readonly told: string
  /** One printable line for the log, never with a secret. */
  readonly reason: string
}

export type Verdict = Allowed | Refused

const realm = 'Bearer realm="broker"'

/** RFC 6750 §3: who brought nothing is told no error. */
function challenge(code: RefusalCode, status: RefusalStatus): string | null {
  if (code === 'no-credential') return realm
  if (status === 401) return `${realm}, error="invalid_token", error_description="${refusals[code].told}"`
  return code === 'topic' || code === 'right' ? `${realm}, error="insufficient_scope"` : null
}

/** `reason`: a printable line for the log. */
export function refused(code: RefusalCode, reason: string): Refused {
  const { status, told } = refusals[code]
  return {
    allow: false, code, status, wwwAuthenticate: challenge(code, status), retryAfterSeconds: status === 429 || status === 503 ? 1 : null,
    grpc: grpcCodes[status], told, reason,
  }
}
