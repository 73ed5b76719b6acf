/** Signatures with an app's secret: `hex(HMAC-SHA256(secret, text))`. An app's own server vouches for a connection with one, webhooks carry one. */

import { createHmac, timingSafeEqual } from 'node:crypto'

export interface Credentials {
  readonly key: string
  readonly secret: string
}

/** What is signed for a subscription; `channelData` only for presence channels, exactly as received. */
export function subscriptionText(socketId: string, channel: string, channelData: string | null): string {
  return channelData === null ? `${socketId}:${channel}` : `${socketId}:${channel}:${channelData}`
}

/** What is signed for a sign-in. */
export function signinText(socketId: string, userData: string): string {
  return `${socketId}::user::${userData}`
}

/** The signature of a text or of bytes. */
export function sign({ secret }: Pick<Credentials, 'secret'>, data: string | Uint8Array): string {
  return createHmac('sha256', secret).update(data).digest('hex')
}

/** `key:signature`. */
export function authFor(credentials: Credentials, text: string): string {
  return `${credentials.key}:${sign(credentials, text)}`
}

/**
 * Takes as long whatever is wrong: the key and the signature are compared as one, and something that is no text or has
 * another length (which is no secret) is compared too.
 */
export function isAuthorized(credentials: Credentials, given: unknown, text: string): boolean {
  const expected = Buffer.from(authFor(credentials, text))
  const offered = Buffer.from(typeof given === 'string' ? given : '')
  const comparable = offered.length === expected.length
  return timingSafeEqual(comparable ? offered : expected, expected) && comparable
}
