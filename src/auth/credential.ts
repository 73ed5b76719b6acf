/**
 * Where a request may carry its credential. The first place that has one counts: `Authorization: Bearer <token>`, a WebSocket
 * subprotocol `bearer.<token in base64url>`, `?token=`, the metadata `authorization` of a gRPC call, the client's certificate.
 * A place that holds what cannot be a token refuses the request: it is never taken for one that came without.
 */

import { tokenForm } from '../config/sections/auth.js'
import type { ClientCertificate } from '../native/tls.js'

/** Characters of a token, at most; what is longer is refused without being looked at. */
export const tokenBytesMax = 8192

/** The parts of a request that may carry a credential, as they came. */
export interface CredentialParts {
  /** Headers; several of one name are joined by `, `. null: absent. */
  readonly authorization: string | null
  readonly subprotocols: string | null
  /** What stands behind the `?` of the target, not decoded. */
  readonly query: string
  /** `authorization` among a gRPC call's metadata. */
  readonly metadata: string | null
  readonly certificate: ClientCertificate | null
}

export type TokenPlace = 'header' | 'subprotocol' | 'query' | 'metadata'

export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'token', readonly token: string, readonly place: TokenPlace }
  | { readonly kind: 'certificate', readonly certificate: ClientCertificate }
  | { readonly kind: 'unreadable', readonly code: 'malformed' | 'too-large', readonly reason: string }

const none: Credential = { kind: 'none' }

function unreadable(code: 'malformed' | 'too-large', reason: string): Credential {
  return { kind: 'unreadable', code, reason }
}

/** `text` null: something that has no decoded form. */
function tokenFrom(place: TokenPlace, text: string | null): Credential {
  if (text !== null && text.length > tokenBytesMax) return unreadable('too-large', `the token in the ${place} must be at most ${tokenBytesMax} bytes`)
  if (text === null || !tokenForm.test(text)) return unreadable('malformed', `what stands in the ${place} is no token`)
  return { kind: 'token', token: text, place }
}

/** Another scheme than Bearer is somebody else's; both at once is nobody's. */
function fromHeader(place: 'header' | 'metadata', value: string | null): Credential {
  if (value === null) return none
  const scheme = /^\s*bearer(?![\w-])/i.exec(value)
  if (scheme !== null) return tokenFrom(place, value.slice(scheme[0].length).trim())
  return /,\s*bearer(?![\w-])/i.test(value) ? unreadable('malformed', `the ${place} has more than one credential`) : none
}

const offerPrefix = 'bearer.'

function offersIn(subprotocols: string | null): string[] {
  return subprotocols === null ? [] : subprotocols.split(',').map((offer) => offer.trim())
}

/** Null for what is not base64url of a text, or could be written in another way. */
function fromBase64url(text: string): string | null {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes.toString('latin1') : null
}

/** Base64url has no dots and a JWT has: it may stand there as it is. */
function fromSubprotocols(subprotocols: string | null): Credential {
  const offers = offersIn(subprotocols).filter((offer) => offer.startsWith(offerPrefix))
  const [offer] = offers
  if (offer === undefined) return none
  if (offers.length > 1) return unreadable('malformed', 'more than one token is offered as a subprotocol')
  const text = offer.slice(offerPrefix.length)
  if (text.length > tokenBytesMax * 4 / 3 + 1) return tokenFrom('subprotocol', text)
  return tokenFrom('subprotocol', text.includes('.') ? text : fromBase64url(text))
}

function percentDecoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

/** Like a form's, but a `+` is one: base64 has it. */
function fromQuery(query: string): Credential {
  const values = query.split('&').filter((part) => part === 'token' || part.startsWith('token='))
  const [value] = values
  if (value === undefined) return none
  if (values.length > 1) return unreadable('malformed', 'the query has more than one token')
  const text = value.slice('token='.length)
  return tokenFrom('query', text.length > tokenBytesMax * 3 ? text : percentDecoded(text))
}

/** The credential of a request. */
export function credentialOf({ authorization, subprotocols, query, metadata, certificate }: CredentialParts): Credential {
  const places = [
    () => fromHeader('header', authorization), () => fromSubprotocols(subprotocols), () => fromQuery(query), () => fromHeader('metadata', metadata),
  ]
  for (const place of places) {
    const found = place()
    if (found.kind !== 'none') return found
  }
  return certificate === null ? none : { kind: 'certificate', certificate }
}

/**
 * The subprotocol to answer a WebSocket handshake with on behalf of its credential: `bearer` when it was offered beside a token, else null.
 * The offer with the token is never answered with: servers and proxies log answers.
 */
export function subprotocolAnswer(subprotocols: string | null): 'bearer' | null {
  const offers = offersIn(subprotocols)
  return offers.includes('bearer') && offers.some((offer) => offer.startsWith(offerPrefix)) ? 'bearer' : null
}
