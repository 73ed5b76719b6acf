/**
 * Keys that JWTs are verified with. A key is made for one algorithm and verifies no other, whatever a token says it is signed by: a public
 * key never becomes the secret of an HMAC.
 */

import { createPublicKey, subtle, type KeyObject } from 'node:crypto'
import { importJWK, importSPKI, type CryptoKey, type JWK } from 'jose'
import { keyedDigest } from '../digest.js'
import type { Secret } from '../../config/secrets.js'
import { jwtAlgorithms, type JwtAlgorithm } from '../../config/sections/auth.js'

export interface VerifyingKey {
  /** Names it as long as the process lives; of the same key, algorithm and kid always the same. Nothing of a secret can be guessed from it. */
  readonly id: string
  readonly alg: JwtAlgorithm
  /** Which `kid` its tokens name; null: any, or none. */
  readonly kid: string | null
  readonly key: CryptoKey
}

const curves: Readonly<Record<string, string>> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' }

const rsaBitsMin = 2048

/** A key of RFC 7518 §3.2 is as long as its hash, at least: 32, 48 or 64 bytes. */
function secretBytesMin(alg: JwtAlgorithm): number {
  return Number(alg.slice(2)) / 8
}

/**
 * The key of an HMAC.
 * @throws {Error} one line that says what it must be, with nothing of the secret.
 */
export async function secretKey(alg: JwtAlgorithm, secret: Secret, kid: string | null): Promise<VerifyingKey> {
  const bytes = secret.reveal()
  if (bytes.includes('-----BEGIN ')) throw new Error(`must hold a secret for ${alg}, got: a PEM file`)
  const least = secretBytesMin(alg)
  if (bytes.length < least) throw new Error(`must hold at least ${least} bytes for ${alg}, got: ${bytes.length}`)
  const key = await subtle.importKey('raw', bytes, { name: 'HMAC', hash: `SHA-${alg.slice(2)}` }, false, ['verify'])
  return { id: keyedDigest(alg, kid ?? '', bytes), alg, kid, key }
}

/** What a key is instead of one for the algorithm; null: it is one. */
function keyProblem(alg: JwtAlgorithm, key: KeyObject): string | null {
  const { asymmetricKeyType: type = 'none', asymmetricKeyDetails: details = {} } = key
  if (alg === 'EdDSA') return type === 'ed25519' ? null : type
  if (alg.startsWith('ES')) return type === 'ec' && details.namedCurve === curves[alg] ? null : `${type} ${details.namedCurve ?? ''}`.trim()
  if (type !== 'rsa') return type
  return (details.modulusLength ?? 0) >= rsaBitsMin ? null : `rsa of ${details.modulusLength} bits`
}

function needed(alg: JwtAlgorithm): string {
  if (alg === 'EdDSA') return 'an Ed25519 key'
  return alg.startsWith('ES') ? `an EC key on the curve of ${alg} (${curves[alg]})` : `an RSA key of at least ${rsaBitsMin} bits`
}

function parsedPem(pem: string): KeyObject {
  if (pem.includes('PRIVATE KEY-----')) throw new Error('must hold a public key, got: a private one')
  try {
    return createPublicKey(pem)
  } catch (error) {
    throw new Error('must hold a public key or a certificate in PEM, got: something else', { cause: error })
  }
}

/**
 * The public key in a PEM file (SPKI, PKCS #1 or a certificate).
 * @throws {Error} one line that says what the file must hold.
 */
export async function publicKey(alg: JwtAlgorithm, pem: string, kid: string | null): Promise<VerifyingKey> {
  const object = parsedPem(pem)
  const problem = keyProblem(alg, object)
  if (problem !== null) throw new Error(`must hold ${needed(alg)}, got: ${problem}`)
  const key = await importSPKI(object.export({ type: 'spki', format: 'pem' }).toString(), alg)
  return { id: keyedDigest(alg, kid ?? '', object.export({ type: 'spki', format: 'der' })), alg, kid, key }
}

const curveAlgorithms: Readonly<Record<string, JwtAlgorithm>> = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' }

/** The one algorithm of a JWK: what it says, else what its kind says. Null: none that is verified here. */
function algorithmOf({ kty, crv = '', alg }: JWK): JwtAlgorithm | null {
  const byKind = kty === 'EC' ? curveAlgorithms[crv] : kty === 'OKP' && crv === 'Ed25519' ? 'EdDSA' : kty === 'RSA' ? 'RS256' : undefined
  if (byKind === undefined || alg === undefined) return byKind ?? null
  if (kty === 'RSA') return jwtAlgorithms.find((known) => known === alg && /^[RP]S/.test(known)) ?? null
  return alg === byKind || (byKind === 'EdDSA' && alg === 'Ed25519') ? byKind : null
}

function isForSignatures({ use, key_ops: operations }: JWK): boolean {
  return (use === undefined || use === 'sig') && (operations === undefined || operations.includes('verify'))
}

/** The public part alone: what else is in a JWK (`x5u`, a private part) is not looked at. */
function publicPart({ kty, crv, x, y, n, e }: JWK): JWK {
  return Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined)) as JWK
}

/** The key of a JWK, or null where it is none to verify signatures with: another use, a secret, an algorithm that is none of ours. */
export async function jwkKey(jwk: JWK): Promise<VerifyingKey | null> {
  const alg = algorithmOf(jwk)
  if (alg === null || !isForSignatures(jwk)) return null
  try {
    const object = createPublicKey({ key: publicPart(jwk) as never, format: 'jwk' })
    if (keyProblem(alg, object) !== null) return null
    const key = await importJWK({ ...publicPart(jwk), alg }, alg) as CryptoKey
    const kid = typeof jwk.kid === 'string' ? jwk.kid : null
    return { id: keyedDigest(alg, kid ?? '', object.export({ type: 'spki', format: 'der' })), alg, kid, key }
  } catch {
    return null // a point that is on no curve, say
  }
}
