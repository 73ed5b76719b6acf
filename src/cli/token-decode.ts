/** What a JWT says, for people to read. */

import { decodeJwt, decodeProtectedHeader } from 'jose'
import { CommandError } from './exit.js'

export interface DecodedToken {
  readonly header: unknown
  readonly claims: unknown
  /** Its dates, as far as it has them. */
  readonly dates: Readonly<Record<string, string>>
  readonly verified: false
}

/** How far a date is from now, such as `2026-01-15T12:00:00.000Z (in 59 minutes)`. */
function described(seconds: unknown, nowMs: number): string {
  const date = new Date(Number(seconds) * 1000)
  if (Number.isNaN(date.getTime())) return 'no date'
  const minutes = Math.round((date.getTime() - nowMs) / 60_000)
  return `${date.toISOString()} (${minutes < 0 ? `${-minutes} minutes ago` : `in ${minutes} minutes`})`
}

/** @throws {CommandError} what is no JWT. */
export function decodeToken(token: string, nowMs: number): DecodedToken {
  try {
    const [header, claims] = [decodeProtectedHeader(token), decodeJwt(token)]
    const dates = (['iat', 'nbf', 'exp'] as const).filter((name) => claims[name] !== undefined).map((name) => [name, described(claims[name], nowMs)])
    return { header, claims, dates: Object.fromEntries(dates), verified: false }
  } catch {
    throw new CommandError('this is no JWT: three parts in base64url, with a header and claims in JSON')
  }
}
