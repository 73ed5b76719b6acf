/**
 * JWTs (RFC 7519), signed by keys of the configuration or of a key set. The signature is verified before any claim is looked at, with a key
 * that the broker chose; a token's header only says which of its keys to try. What a header says about where keys can be had (`jku`, `x5u`,
 * `jwk`, `x5c`) is not looked at.
 */

import { decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose'
import { jwtAlgorithms, type JwtAlgorithm } from '../../config/sections/auth.js'
import { grantsFor } from '../grants.js'
import { readClaims } from './claims.js'
import type { Jwks } from './key-set.js'
import type { VerifyingKey } from './keys.js'
import { nobody, shown, type Looked, type NoPrincipal } from '../principal.js'
import type { AuthWorld } from '../world.js'

export interface JwtSettings {
  readonly keys: readonly VerifyingKey[]
  readonly jwks: Jwks | null
  /** Null: any. */
  readonly issuers: readonly string[] | null
  readonly audiences: readonly string[] | null
  /** How far another clock may be from ours: tokens count so much earlier and longer. */
  readonly clockToleranceMs: number
  /** Whether tokens without `exp` are refused. */
  readonly requireExpiry: boolean
}

interface Header {
  readonly alg: JwtAlgorithm
  /** Null: it names no key. */
  readonly kid: string | null
}

const shape = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/

/** Whether a token has the three parts of one: another one is not looked at as a JWT. */
export function isJwtShaped(token: string): boolean {
  return shape.test(token)
}

/** Ed25519 has two names (RFC 9864). */
function namesOf(alg: JwtAlgorithm): string[] {
  return alg === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [alg]
}

function readHeader(token: string): Header | NoPrincipal {
  let header: { readonly alg?: unknown, readonly kid?: unknown }
  try {
    header = decodeProtectedHeader(token)
  } catch {
    return nobody('malformed', 'the token has no readable header')
  }
  const { alg: written, kid = null } = header
  const alg = jwtAlgorithms.find((known) => namesOf(known).includes(String(written)))
  if (alg === undefined) return nobody('unknown-key', `no key verifies the algorithm ${shown(String(written))}`)
  if (kid !== null && typeof kid !== 'string') return nobody('malformed', "the token's kid must be a text")
  return { alg, kid }
}

/** In seconds, as tokens count. */
function isoTime(seconds: unknown): string {
  const date = new Date(Number(seconds) * 1000)
  return Number.isNaN(date.getTime()) ? 'another time' : date.toISOString()
}

function claimRefusal({ claim, payload }: errors.JWTClaimValidationFailed): NoPrincipal {
  const whose = typeof payload.sub === 'string' ? ` of ${shown(payload.sub)}` : ''
  if (claim === 'nbf') return nobody('not-yet-valid', `the token${whose} is valid from ${isoTime(payload.nbf)}`)
  if (claim === 'iss') return nobody('wrong-issuer', `the token${whose} is issued by ${shown(String(payload.iss))}`)
  if (claim === 'aud') return nobody('wrong-audience', `the token${whose} is for ${shown(String(payload.aud))}`)
  return nobody('bad-claims', `the claim ${claim} of the token${whose} is missing or wrong`)
}

function refusalFor(error: unknown): NoPrincipal {
  if (error instanceof errors.JWTExpired) return nobody('expired', `the token ended at ${isoTime(error.payload.exp)}`)
  if (error instanceof errors.JWTClaimValidationFailed) return claimRefusal(error)
  if (error instanceof errors.JOSEError) return nobody('malformed', `the token cannot be read: ${shown(error.message)}`)
  throw error
}

export class JwtVerifier {
  readonly #settings: JwtSettings
  readonly #wallMs: () => number

  constructor(settings: JwtSettings, { wallMs }: Pick<AuthWorld, 'wallMs'>) {
    this.#settings = settings
    this.#wallMs = wallMs
  }

  /** Who holds the token. The main thread is busy for about 0.1 ms, in parts; the key's work is done elsewhere. */
  async verify(token: string): Promise<Looked> {
    const header = readHeader(token)
    if ('code' in header) return header
    const looked = await this.#tryKeys(token, this.#candidates(header))
    if (looked !== null || !this.#mayBeNew(header)) return looked ?? this.#unknown(header)
    if (!await this.#settings.jwks?.refresh()) return this.#unknown(header)
    return await this.#tryKeys(token, this.#settings.jwks?.find(header.alg, header.kid) ?? []) ?? this.#unknown(header)
  }

  #candidates({ alg, kid }: Header): readonly VerifyingKey[] {
    const { keys, jwks } = this.#settings
    const own = keys.filter((key) => key.alg === alg && (key.kid === null || kid === null || key.kid === kid))
    return [...own, ...jwks?.find(alg, kid) ?? []]
  }

  /** Whether a key set may have got the key meanwhile. */
  #mayBeNew({ kid }: Header): boolean {
    const { jwks } = this.#settings
    return jwks !== null && (!jwks.isRead || (kid !== null && !jwks.knows(kid)))
  }

  #unknown(header: Header): NoPrincipal {
    const { jwks } = this.#settings
    if (jwks !== null && !jwks.isRead) return nobody('keys-unavailable', 'the key set could not be read yet')
    const { alg, kid } = header
    if (this.#candidates(header).length > 0) return nobody('bad-signature', `no key for ${alg} has signed the token`)
    return nobody('unknown-key', kid === null ? `there is no key for ${alg}` : `no key for ${alg} is called ${shown(kid)}`)
  }

  /** Null: none of them has signed it. */
  async #tryKeys(token: string, keys: readonly VerifyingKey[]): Promise<Looked | null> {
    for (const key of keys) {
      const looked = await this.#tryKey(token, key)
      if (looked !== null) return looked
    }
    return null
  }

  async #tryKey(token: string, key: VerifyingKey): Promise<Looked | null> {
    const { issuers, audiences, clockToleranceMs, requireExpiry } = this.#settings
    try {
      const { payload } = await jwtVerify(token, key.key, {
        algorithms: namesOf(key.alg),
        ...issuers === null ? {} : { issuer: [...issuers] },
        ...audiences === null ? {} : { audience: [...audiences] },
        clockTolerance: clockToleranceMs / 1000,
        currentDate: new Date(this.#wallMs()),
        requiredClaims: requireExpiry ? ['exp'] : [],
      })
      return this.#principal(key, payload)
    } catch (error) {
      return error instanceof errors.JWSSignatureVerificationFailed ? null : refusalFor(error)
    }
  }

  #principal({ id }: VerifyingKey, payload: JWTPayload): Looked {
    const claims = readClaims(payload)
    if (typeof claims === 'string') return nobody('bad-claims', claims)
    const { sub: subject = null, topics = {}, api, exp } = claims
    return { way: 'jwt', name: id, subject, grants: grantsFor({ ...topics, api }, subject), expiresAt: exp === undefined ? null : this.#endOf(exp) }
  }

  /** Who connects before `exp` is closed then; who comes after it, while another clock may say that it is not over, when that is over, too. */
  #endOf(exp: number): number {
    const end = exp * 1000
    return end > this.#wallMs() ? end : end + this.#settings.clockToleranceMs
  }
}
