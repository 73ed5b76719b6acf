/**
 * Tokens that the configuration lists. A token is compared with every one of them, by digests of equal length: how long that takes says
 * neither how near a guess was nor whether there is such a token.
 */

import { timingSafeEqual } from 'node:crypto'
import { plainDigest } from './digest.js'
import type { Grants } from './grants.js'
import type { Principal } from './principal.js'
import type { Secret } from '../config/secrets.js'

export interface StaticToken {
  readonly name: string
  /** SHA-256 of the token. */
  readonly digest: Buffer
  readonly grants: Grants
}

export function staticToken(name: string, secret: Secret, grants: Grants): StaticToken {
  return { name, digest: plainDigest(secret.reveal()), grants }
}

export class StaticTokens {
  readonly #digests: readonly Buffer[]
  readonly #principals: readonly Principal[]

  constructor(tokens: readonly StaticToken[]) {
    this.#digests = tokens.map(({ digest }) => digest)
    this.#principals = tokens.map(({ name, grants }) => ({ way: 'tokens', name, subject: name, grants, expiresAt: null }))
  }

  /** Whose token it is; null: nobody's. */
  find(token: string): Principal | null {
    const given = plainDigest(token)
    let found = -1
    for (let at = 0; at < this.#digests.length; at++) {
      if (timingSafeEqual(this.#digests[at] as Buffer, given)) found = at
    }
    return this.#principals[found] ?? null
  }
}
