/** Why somebody is refused; one row each. What the client is told never says more than the client knows or may know. */

export type RefusalStatus = 401 | 403 | 429 | 503
export type GrpcCode = 'UNAUTHENTICATED' | 'PERMISSION_DENIED' | 'RESOURCE_EXHAUSTED' | 'UNAVAILABLE'

interface Row {
  readonly status: RefusalStatus
  /** One line for the client. */
  readonly told: string
  /** Whether it counts as a failed credential of its address. */
  readonly isFailure: boolean
}

const notValid = 'the credential is not valid'
const later = 'authorisation cannot be had now; try again'

function invalid(told = notValid): Row {
  return { status: 401, told, isFailure: true }
}

function forbidden(told: string): Row {
  return { status: 403, told, isFailure: false }
}

function unavailable(): Row {
  return { status: 503, told: later, isFailure: false }
}

/**
 * `expired` and `not-yet-valid` are only found in tokens that are signed: their holders may know. 503 is for what could not be decided: a
 * client that is told 401 throws its credential away.
 */
export const refusals = {
  'no-credential': { status: 401, told: 'a credential is needed', isFailure: false },
  malformed: invalid(),
  'too-large': invalid(),
  'unknown-token': invalid(),
  'unknown-key': invalid(),
  'bad-signature': invalid(),
  'bad-claims': invalid(),
  'wrong-issuer': invalid(),
  'wrong-audience': invalid(),
  expired: invalid('the token has expired'),
  'not-yet-valid': invalid('the token is not valid yet'),
  'webhook-refused': invalid(),
  topic: forbidden('the credential is not for this topic'),
  right: forbidden('the credential is not for this use of the API'),
  origin: forbidden('pages of this origin may not connect'),
  'too-many-failures': { status: 429, told: 'too many failed credentials; try again in a second', isFailure: false },
  'webhook-unavailable': unavailable(),
  'keys-unavailable': unavailable(),
  busy: unavailable(),
  failed: unavailable(),
} as const satisfies Readonly<Record<string, Row>>

/** A label of counters. */
export type RefusalCode = keyof typeof refusals

export const grpcCodes: Readonly<Record<RefusalStatus, GrpcCode>> = {
  401: 'UNAUTHENTICATED', 403: 'PERMISSION_DENIED', 429: 'RESOURCE_EXHAUSTED', 503: 'UNAVAILABLE',
}
