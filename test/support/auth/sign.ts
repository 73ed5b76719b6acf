/** Tokens of any kind, right and wrong: a header and claims as they are given, signed as asked. */

import { constants, createHmac, sign, type KeyObject } from 'node:crypto'
import type { JwtAlgorithm } from '../../../src/config/sections/auth.js'

export type SigningKey = KeyObject | Buffer
export type Part = Readonly<Record<string, unknown>> | string

/** A text stands as it is: what is no JSON can be signed, too. */
function encoded(part: Part): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
}

export function signatureOf(alg: JwtAlgorithm, key: SigningKey, text: string): string {
  if (Buffer.isBuffer(key)) return createHmac(`sha${alg.slice(2)}`, key).update(text).digest('base64url')
  const hash = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`
  const padding = alg.startsWith('PS') ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {}
  return sign(hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363', ...padding }).toString('base64url')
}

/** A token with this header, whatever its `alg` says, signed by the algorithm with the key. */
export function token(alg: JwtAlgorithm, key: SigningKey, header: Part, claims: Part): string {
  const text = `${encoded(header)}.${encoded(claims)}`
  return `${text}.${signatureOf(alg, key, text)}`
}

/** The same without a signature. */
export function unsigned(header: Part, claims: Part): string {
  return `${encoded(header)}.${encoded(claims)}.`
}
