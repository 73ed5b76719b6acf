/** Somebody whose credential has been looked at, or why there is nobody. */

import type { Way } from '../config/sections/auth.js'
import { printable } from '../log/printable.js'
import type { Grants } from './grants.js'
import type { RefusalCode } from './refusals.js'

export interface Principal {
  readonly way: Way
  /** As Standing.name. */
  readonly name: string
  readonly subject: string | null
  readonly grants: Grants
  /** In milliseconds since 1970; null: never. */
  readonly expiresAt: number | null
}

export interface NoPrincipal {
  readonly code: RefusalCode
  /** One printable line for the log. */
  readonly reason: string
}

export type Looked = Principal | NoPrincipal

export function isPrincipal(looked: Looked): looked is Principal {
  return 'grants' in looked
}

export function nobody(code: RefusalCode, reason: string): NoPrincipal {
  return { code, reason }
}

const shownMax = 64

/** What a peer or an issuer wrote, for the log: short, quoted, on one line. */
export function shown(text: string): string {
  return printable(JSON.stringify(text.length > shownMax ? `${text.slice(0, shownMax)}…` : text))
}
