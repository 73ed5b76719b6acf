/**
 * Who may do what: the ways in and what each of them grants. Whoever brings no credential may do what `anonymous` says. Files are read when
 * the broker starts; where a secret stands in the configuration itself, the file with it must not be readable by everybody.
 */

import { z } from 'zod'
import { duration, listOf, matching, oneOf, origin, section, text, toggle } from '../fields.js'
import { patternProblem } from '../grant-pattern.js'
import { hourMs } from '../units.js'

/** The ways in, in the order in which they are tried. */
export const ways = ['tokens', 'jwt', 'certificates', 'webhook', 'anonymous'] as const
export type Way = (typeof ways)[number]

/** What may be done over the HTTP API. */
export const apiRights = ['read', 'publish', 'admin'] as const
export type ApiRight = (typeof apiRights)[number]

/** What JWTs may be signed by. */
export const jwtAlgorithms = [
  'HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA',
] as const
export type JwtAlgorithm = (typeof jwtAlgorithms)[number]

export function isSecretAlgorithm(alg: JwtAlgorithm): boolean {
  return alg.startsWith('HS')
}

/** Patterns in one list of a credential, at most. */
export const patternsMax = 100
/** Characters of a subject, at most. */
export const subjectMax = 256
const keysMax = 16
/** Each token that comes is compared with all of them. */
const tokensMax = 1000
const certificatesMax = 1000

/** What a token is made of: `token68` of RFC 9110 §11.2. */
export const tokenForm = /^[A-Za-z0-9\-._~+/]+=*$/
/** Characters of a token that the configuration lists. */
export const tokenLengths = { min: 16, max: 1024 } as const
export const tokenMessage = `must be ${tokenLengths.min}..${tokenLengths.max} letters, digits or -._~+/, and = at its end only`

/** The ways that one listener takes. Absent: all that are configured. */
export function listenerWays() {
  return listOf(oneOf(...ways), 'ways in').optional()
}

function patterns() {
  const pattern = z.string('must be a pattern of topics').superRefine((pattern, context) => {
    const problem = patternProblem(pattern)
    if (problem !== null) context.addIssue({ code: 'custom', message: problem })
  })
  const message = `must be a list of at most ${patternsMax} patterns`
  return z.array(pattern, message).max(patternsMax, message).default([])
}

/** What somebody may do with topics. `{sub}` in a pattern is the subject: the token's name, the certificate's. */
const topics = { publish: patterns(), subscribe: patterns() }

function path() {
  return text(4096).optional()
}

/** One text or several. */
function names() {
  const message = 'must be a text of 1..1024 characters, or a list of them'
  const name = z.string(message).min(1, message).max(1024, message)
  return z.union([name, z.array(name, message).min(1, message)], message).transform((value) => [value].flat()).nullable().default(null)
}

/** A server that is asked: with who asks, a password would be in every log on the way. */
function url(protocol: RegExp, message: string) {
  return z.url({ protocol, error: message }).refine((value) => {
    const { username, password, hash } = new URL(value)
    return username === '' && password === '' && hash === ''
  }, `${message}, without a user, a password or a #`)
}

const jwtKey = section({
  /** Which algorithm the key is for; tokens that say another one are refused. */
  alg: oneOf(...jwtAlgorithms),
  /** Tokens with a `kid` must name it. Absent: the key is tried whatever they name. */
  kid: text(256).optional(),
  /** HS…: a file with the secret, of at least 32, 48 or 64 bytes, or the secret. */
  secretFile: path(),
  secret: text(4096).optional(),
  /** The others: a PEM file with the public key or a certificate. */
  publicKeyFile: path(),
})

const jwt = section({
  keys: z.array(jwtKey, `must be a list of at most ${keysMax} keys`).max(keysMax, `must be a list of at most ${keysMax} keys`).default([]),
  /** A key set (RFC 7517), read again when a token names a key that is not in it, at most once a minute. */
  jwksUrl: url(/^https?$/, 'must be an https URL').optional(),
  jwksFile: path(),
  /** What `iss` must be, one of them. null: anything. */
  issuer: names(),
  /** What `aud` must be or hold, one of them. null: anything. */
  audience: names(),
  /** How far the issuer's clock may be from this one. */
  clockToleranceMs: duration(0, 300_000).default(5000),
  /** Whether a token without `exp` is refused. */
  requireExpiry: toggle().default(true),
})

const token = section({
  /** Its subject, and what it is called in logs. */
  name: text(subjectMax),
  secretFile: path(),
  secret: matching(tokenForm, tokenMessage).min(tokenLengths.min, tokenMessage).max(tokenLengths.max, tokenMessage).optional(),
  ...topics,
  /** Whether it may use the HTTP API, to publish as `publish` says. */
  api: toggle().default(false),
})

function headerName() {
  return matching(/^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'must be the name of a header in small letters')
}

const webhook = section({
  url: url(/^https?$/, 'must be an http or https URL'),
  timeoutMs: duration(10, 60_000).default(2000),
  /** How long a yes is remembered for the same question; 0: not. */
  cacheMs: duration(0, hourMs).default(30_000),
  /** Headers of the request that it is told, such as cookie. */
  headers: z.array(headerName(), 'must be a list of headers').max(32, 'must be at most 32 headers').default([]),
})

const certificate = section({
  /** The common name, or a URI among the alternative names, of a client's certificate that `tls` has verified. */
  subject: text(subjectMax),
  ...topics,
  api: toggle().default(false),
})

export const auth = section({
  /** Tokens that say themselves, signed, who may do what: claims `sub`, `topics: { publish, subscribe }` and `api`. null: none. */
  jwt: jwt.nullable().default(null),
  /** Tokens that are listed here. */
  tokens: z.array(token, 'must be a list of tokens').max(tokensMax, `must be at most ${tokensMax} tokens`).default([]),
  /** A server that is asked when no other way decides. null: none. */
  webhook: webhook.nullable().default(null),
  certificates: z.array(certificate, 'must be a list of certificates').max(certificatesMax, `must be at most ${certificatesMax} certificates`).default([]),
  /** What anybody may do. null: everything from this machine, nothing from any other; set it behind a proxy on this machine. */
  anonymous: section(topics).nullable().default(null),
  /** Origins of web pages that may connect (`https://example.com`, `*` for any). null: any that brings a token. */
  origins: listOf(origin().transform((each) => each.toLowerCase()), 'origins').nullable().default(null),
})

export type AuthConfig = z.output<typeof auth>
