/** A JWT for what the flags of `broker token create` say. */

import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import { publicKey, secretKey } from '../auth/jwt/keys.js'
import { patternProblem } from '../config/grant-pattern.js'
import { formatGot } from '../config/parse.js'
import { readSecretFile } from '../config/secrets.js'
import { apiRights, isSecretAlgorithm, jwtAlgorithms, patternsMax, subjectMax, type JwtAlgorithm } from '../config/sections/auth.js'
import { parseDuration } from '../config/units.js'
import { UsageError } from './exit.js'

export interface CreateOptions {
  readonly secretFile?: string
  readonly keyFile?: string
  readonly alg?: string
  readonly kid?: string
  readonly sub?: string
  readonly publish?: readonly string[]
  readonly subscribe?: readonly string[]
  readonly api?: readonly string[]
  readonly issuer?: string
  readonly audience?: readonly string[]
  readonly expiresIn: string
}

const tenYearsMs = 10 * 365 * 86_400_000

function checkPatterns(flag: string, patterns: readonly string[]): void {
  if (patterns.length > patternsMax) throw new UsageError(`${flag} must be at most ${patternsMax} patterns, got: ${patterns.length}`)
  for (const pattern of patterns) {
    const problem = patternProblem(pattern)
    if (problem !== null) throw new UsageError(`${flag} ${problem}, got: ${formatGot(pattern)}`)
  }
}

function checkRights(rights: readonly string[]): void {
  const unknown = rights.find((right) => !apiRights.some((known) => known === right))
  if (unknown !== undefined) throw new UsageError(`--api must be some of ${apiRights.join(', ')}, got: ${formatGot(unknown)}`)
}

/** Null: never. */
function lifetimeMs(text: string): number | null {
  if (text === 'never') return null
  const ms = parseDuration(text)
  if (!(ms >= 1000 && ms <= tenYearsMs)) throw new UsageError(`--expires-in must be 1s to ten years, or never, got: ${formatGot(text)}`)
  return ms
}

interface SigningKey {
  readonly key: KeyObject
  readonly alg: JwtAlgorithm
}

function algorithmOf(text: string | undefined, usual: JwtAlgorithm): JwtAlgorithm {
  if (text === undefined) return usual
  const alg = jwtAlgorithms.find((known) => known === text)
  if (alg === undefined) throw new UsageError(`--alg must be one of ${jwtAlgorithms.join(', ')}, got: ${formatGot(text)}`)
  return alg
}

/** What a key of its kind usually signs with. */
function usualAlgorithm({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): JwtAlgorithm {
  if (type === 'ed25519') return 'EdDSA'
  if (type !== 'ec') return 'RS256'
  return details?.namedCurve === 'secp384r1' ? 'ES384' : details?.namedCurve === 'secp521r1' ? 'ES512' : 'ES256'
}

async function secretFrom(file: string, wanted: string | undefined): Promise<SigningKey> {
  const alg = algorithmOf(wanted, 'HS256')
  if (!isSecretAlgorithm(alg)) throw new Error(`must be a private key (--key-file) for ${alg}, got: a secret`)
  const secret = readSecretFile(file)
  await secretKey(alg, secret, null)
  return { alg, key: createSecretKey(secret.reveal()) }
}

function privateKeyIn(file: string): KeyObject {
  const pem = readSecretFile(file).reveal()
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw new Error(`must name a PEM file with a private key that has no passphrase, got: ${file}`, { cause: error })
  }
}

async function keyFrom(file: string, wanted: string | undefined): Promise<SigningKey> {
  const key = privateKeyIn(file)
  const alg = algorithmOf(wanted, usualAlgorithm(key))
  if (isSecretAlgorithm(alg)) throw new Error(`must be a secret (--secret-file) for ${alg}, got: a private key`)
  await publicKey(alg, createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(), null)
  return { alg, key }
}

async function signingKey({ secretFile, keyFile, alg }: CreateOptions): Promise<SigningKey> {
  if ((secretFile === undefined) === (keyFile === undefined)) throw new UsageError('there must be exactly one of --secret-file, --key-file')
  const [flag, key] = secretFile === undefined ? ['--key-file', keyFrom(keyFile ?? '', alg)] as const : ['--secret-file', secretFrom(secretFile, alg)] as const
  return key.catch((error: unknown) => {
    throw error instanceof UsageError ? error : new UsageError(`${flag} ${(error as Error).message}`)
  })
}

/** The token. @throws {UsageError} a flag that means nothing. */
export async function createToken(options: CreateOptions, nowMs: number): Promise<string> {
  const { kid, sub, publish, subscribe, api, issuer: iss, audience } = options
  checkPatterns('--publish', publish ?? [])
  checkPatterns('--subscribe', subscribe ?? [])
  checkRights(api ?? [])
  if (sub !== undefined && (sub === '' || sub.length > subjectMax)) throw new UsageError(`--sub must be 1..${subjectMax} characters, got: ${sub.length}`)
  const ms = lifetimeMs(options.expiresIn)
  const { key, alg } = await signingKey(options)
  const iat = Math.floor(nowMs / 1000)
  const claims = {
    sub, iss, aud: audience?.length === 1 ? audience[0] : audience, iat, exp: ms === null ? undefined : iat + Math.floor(ms / 1000), api,
    topics: publish === undefined && subscribe === undefined ? undefined : { publish, subscribe },
  }
  return new SignJWT(JSON.parse(JSON.stringify(claims))).setProtectedHeader({ alg, typ: 'JWT', ...kid === undefined ? {} : { kid } }).sign(key)
}
