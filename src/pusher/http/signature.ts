/**
 * Signatures of an app's server: each request carries one in its query, HMAC-SHA256 with the app's secret in hexadecimal.
 * Comparisons take the same time wherever the signatures differ, and for an unknown key too.
 */

import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { HttpRequest } from '../../http/contract.js'
import type { Credentials } from '../auth.js'
import { meantPath } from '../path.js'
import { Refusal, got } from './answer.js'
import type { BodyDigest } from './body-digest.js'
import { textHmac } from './digest.js'
import type { Query } from './query.js'

/** How far a request's time may be from ours, in seconds. */
export const timestampToleranceSeconds = 600

/** When, where and with what a request is looked at. */
export interface SigningPlace {
  readonly nowSeconds: number
  /** pusher.path: SDKs sign paths with it or without. */
  readonly prefix: string
  readonly digest: BodyDigest
}

const signatureBytes = 32
const signedTextMax = 500

type TextHmac = ReturnType<typeof textHmac>

const hmacs = new WeakMap<Credentials, TextHmac>()
/** For apps that do not exist; nobody can sign with it. */
const nobody: TextHmac = textHmac(randomBytes(signatureBytes))

function hmacOf(app: Credentials): TextHmac {
  const known = hmacs.get(app)
  if (known !== undefined) return known
  const hmac = textHmac(Buffer.from(app.secret))
  hmacs.set(app, hmac)
  return hmac
}

/** The bytes of a signature, or null when it is not 64 hexadecimal digits. */
function decoded(signature: string): Buffer | null {
  if (signature.length !== 2 * signatureBytes) return null
  const bytes = Buffer.from(signature, 'hex') // ends at the first character that is none
  return bytes.length === signatureBytes ? bytes : null
}

/** Whether a signature is the app's for this text; null, for an app that does not exist, costs the same. */
export function isSignature(app: Credentials | null, text: string, signature: string): boolean {
  const bytes = decoded(signature)
  if (bytes === null) return false
  const hmac = app === null ? nobody : hmacOf(app)
  const same = timingSafeEqual(hmac(text), bytes)
  return same && app !== null
}

function required(query: Query, name: string): string {
  const value = query.value(name)
  if (value === null) throw new Refusal(401, `a request must be signed: ${name} is missing, got: nothing`)
  return value
}

function checkVersion(version: string): void {
  if (version !== '1.0') throw new Refusal(401, `auth_version must be 1.0, got: ${got(version)}`)
}

function checkTime(timestamp: string, nowSeconds: number): void {
  // Number() also takes signs, exponents and spaces.
  const seconds = /^\d{1,15}$/.test(timestamp) ? Number(timestamp) : NaN
  if (Math.abs(nowSeconds - seconds) <= timestampToleranceSeconds) return
  throw new Refusal(
    401, `auth_timestamp must be within ${timestampToleranceSeconds} s of the server's ${nowSeconds}, got: ${got(timestamp)}`,
  )
}

/** Over the body's bytes as they came. It is signed, so it binds the body to the signature; it is no secret itself. */
function checkBody(body: Uint8Array, claimed: string | null, digest: BodyDigest): void {
  if (body.length === 0 && claimed === null) return
  if (claimed === null) throw new Refusal(401, 'a request with a body must be signed with body_md5, got: nothing')
  const actual = digest(body)
  if (claimed !== actual) throw new Refusal(401, `body_md5 must be ${actual} for this body, got: ${got(claimed)}`)
}

/** Some SDKs sign a path before their HTTP library escapes it. Null: there is nothing to unescape, or it would end the line. */
function unescapedPath(path: string): string | null {
  if (!path.includes('%')) return null
  try {
    const plain = decodeURIComponent(path)
    return plain.includes('\n') ? null : plain
  } catch {
    return null
  }
}

/** What an app's server may have signed as the path: what came, what is meant by it, and each unescaped. */
function signedPaths(path: string, prefix: string): readonly string[] {
  const meant = meantPath(path, prefix)
  const paths = meant === path ? [path] : [path, meant]
  return paths.flatMap((each) => [each, unescapedPath(each)]).filter((each) => each !== null)
}

function checkSignature({ method, path }: HttpRequest, query: Query, app: Credentials | null, prefix: string): void {
  const signature = required(query, 'auth_signature')
  // The key is public: clients carry it.
  const signer = app !== null && required(query, 'auth_key') === app.key ? app : null
  const parameters = query.textWithout('auth_signature')
  if (signedPaths(path, prefix).some((each) => isSignature(signer, `${method}\n${each}\n${parameters}`, signature))) return
  const text = `${method}\n${path}\n${parameters}`
  const shown = JSON.stringify(text.length > signedTextMax ? `${text.slice(0, signedTextMax)}…` : text)
  throw new Refusal(
    401, `auth_signature must be the hex HMAC-SHA256 of ${shown} with the secret of this app's auth_key, got: ${got(signature)}`,
  )
}

/**
 * Checks that the app (null: there is none with this id) has signed the request within timestampToleranceSeconds.
 * The body's digest comes last: who has no secret cannot make us compute it.
 * @throws {Refusal} 401 with what is wrong; 501 where there is no digest.
 */
export function checkRequest(request: HttpRequest, query: Query, app: Credentials | null, { nowSeconds, prefix, digest }: SigningPlace): void {
  required(query, 'auth_key')
  checkVersion(required(query, 'auth_version'))
  checkTime(required(query, 'auth_timestamp'), nowSeconds)
  checkSignature(request, query, app, prefix)
  checkBody(request.body, query.value('body_md5'), digest)
}
