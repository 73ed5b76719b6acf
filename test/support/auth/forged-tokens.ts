/**
 * Tokens that must be refused, each beside its twin that is right: for every algorithm, forged, expired, too early, signed by another key,
 * without a signature, confused about algorithms or keys, for others or for other topics, broken, too large.
 */

import { randomBytes } from 'node:crypto'
import type { JwtSettings } from '../../../src/auth/jwt/verifier.js'
import { secretKey, type VerifyingKey } from '../../../src/auth/jwt/keys.js'
import { isSecretAlgorithm, jwtAlgorithms, type JwtAlgorithm } from '../../../src/config/sections/auth.js'
import type { RefusalCode } from '../../../src/auth/refusals.js'
import { writtenSecret } from '../../../src/config/secrets.js'
import { keyPair, pemOf, verifyingKey, type Pair } from './keys.js'
import { signatureOf, token, unsigned, type Part, type SigningKey } from './sign.js'

export interface Forged {
  readonly name: string
  readonly token: string
  readonly code: RefusalCode
  /** The topic that is asked for; the twin's is `prices/eur`. */
  readonly topic: string
  /** Is accepted. */
  readonly twin: string
}

/** A key as a configuration has it. */
export interface WrittenKey {
  readonly alg: JwtAlgorithm
  readonly kid: string
  /** One of both is there. */
  readonly secret: string | null
  readonly publicPem: string | null
}

export interface ForgedTokens {
  readonly settings: JwtSettings
  readonly keys: readonly WrittenKey[]
  readonly rows: readonly Forged[]
}

type Claims = Readonly<Record<string, unknown>>

/** What forgeries of one algorithm are made with. */
interface Kit {
  readonly alg: JwtAlgorithm
  readonly kid: string
  readonly key: SigningKey
  /** Of another key of the same kind, which the broker does not know. */
  readonly stranger: SigningKey
  /** What is public of the key; null: it is a secret. */
  readonly publicPem: string | null
  readonly claims: Claims
  readonly header: Claims
  readonly nowSeconds: number
}

const clockToleranceMs = 5000
export const topic = 'prices/eur'

function signed({ alg, key, header, claims }: Kit, headerChange: Part = {}, claimsChange: Part = {}): string {
  const merge = (base: Claims, change: Part) => (typeof change === 'string' ? change : { ...base, ...change })
  return token(alg, key, merge(header, headerChange), merge(claims, claimsChange))
}

/** [name, token, why it is refused, topic that is asked for when it is not the usual one]. */
type Row = readonly [string, string, RefusalCode, string?]

function datesOf(kit: Kit): Row[] {
  const { nowSeconds } = kit
  const claims = (change: Claims) => signed(kit, {}, change)
  return [
    ['expired an hour ago', claims({ exp: nowSeconds - 3600 }), 'expired'],
    ['expired just beyond the tolerance', claims({ exp: nowSeconds - clockToleranceMs / 1000 }), 'expired'],
    ['expired in 1970', claims({ exp: 0 }), 'expired'],
    ['expired before 1970', claims({ exp: -1 }), 'expired'],
    ['valid in an hour', claims({ nbf: nowSeconds + 3600 }), 'not-yet-valid'],
    ['valid just beyond the tolerance', claims({ nbf: nowSeconds + clockToleranceMs / 1000 + 1 }), 'not-yet-valid'],
    ['without exp', claims({ exp: undefined }), 'bad-claims'],
    ['exp is a text', claims({ exp: String(nowSeconds + 3600) }), 'bad-claims'],
    ['exp is null', claims({ exp: null }), 'bad-claims'],
    ['exp is beyond all dates', claims({ exp: 1e15 }), 'bad-claims'],
    ['exp is infinite', signed(kit, {}, JSON.stringify({ ...kit.claims, exp: 0 }).replace('"exp":0', '"exp":1e999')), 'bad-claims'],
    ['nbf is a text', claims({ nbf: 'now' }), 'not-yet-valid'],
  ]
}

function signaturesOf(kit: Kit): Row[] {
  const { alg, stranger, header, claims } = kit
  const good = signed(kit)
  const [head = '', body = '', signature = ''] = good.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  const flipped = Buffer.from(bytes)
  flipped[0] = (flipped[0] as number) ^ 1
  const otherBody = Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url')
  const otherHead = Buffer.from(JSON.stringify({ ...header, typ: 'at+jwt' })).toString('base64url')
  return [
    ['signed by a stranger', token(alg, stranger, header, claims), 'bad-signature'],
    ['one bit of the signature', `${head}.${body}.${flipped.toString('base64url')}`, 'bad-signature'],
    ['a short signature', `${head}.${body}.${bytes.subarray(1).toString('base64url')}`, 'bad-signature'],
    ['a long signature', `${head}.${body}.${Buffer.concat([bytes, Buffer.alloc(1)]).toString('base64url')}`, 'bad-signature'],
    ['a signature of zeros', `${head}.${body}.${Buffer.alloc(bytes.length).toString('base64url')}`, 'bad-signature'],
    ['no signature', `${head}.${body}.`, 'bad-signature'],
    ['other claims', `${head}.${otherBody}.${signature}`, 'bad-signature'],
    ['another header', `${otherHead}.${body}.${signature}`, 'bad-signature'],
    ['the signature of the claims alone', `${head}.${body}.${signatureOf(alg, kit.key, body)}`, 'bad-signature'],
  ]
}

function confusedOf(kit: Kit): Row[] {
  const { alg, kid, key, stranger, publicPem, header, claims } = kit
  const nones = ['none', 'None', 'NONE', 'nOnE'].map((none): Row => [`alg ${none}`, unsigned({ ...header, alg: none }, claims), 'unknown-key'])
  const noneSigned: Row = ['alg none, signed', token(alg, key, { ...header, alg: 'none' }, claims), 'unknown-key']
  const others = jwtAlgorithms.filter((other) => other !== alg).slice(0, 12)
  const relabelled = others.map((other): Row => [`says ${other}`, token(alg, key, { ...header, alg: other }, claims), 'unknown-key'])
  const hmac = (secret: string): Row[] => [
    ['HS256 with the public key for a secret', token('HS256', Buffer.from(secret), { ...header, alg: 'HS256' }, claims), 'unknown-key'],
    ['HS256 with the public key, no line end', token('HS256', Buffer.from(secret.trim()), { ...header, alg: 'HS256' }, claims), 'unknown-key'],
    ['HS256 with the public key, no kid', token('HS256', Buffer.from(secret), { alg: 'HS256' }, claims), 'bad-signature'],
    ['HMAC under its own name', token('HS256', Buffer.from(secret), header, claims), 'bad-signature'],
  ]
  const jwk = Buffer.isBuffer(stranger) ? { kty: 'oct', k: stranger.toString('base64url') } : { kty: 'RSA', n: 'AQAB', e: 'AQAB' }
  const byStranger = (change: Claims) => token(alg, stranger, { ...header, ...change }, claims)
  return [
    ...nones, noneSigned, ...relabelled, ...publicPem === null ? [] : hmac(publicPem),
    ['jku', byStranger({ jku: 'http://127.0.0.1:1/jwks.json' }), 'bad-signature'],
    ['x5u', byStranger({ x5u: 'http://127.0.0.1:1/cert.pem' }), 'bad-signature'],
    ['its own jwk', byStranger({ jwk }), 'bad-signature'],
    ['its own certificate', byStranger({ x5c: ['AAAA'] }), 'bad-signature'],
    ['an unknown kid', signed(kit, { kid: `${kid}-2` }), 'unknown-key'],
    ['a kid that is a path', signed(kit, { kid: '../../../../dev/null' }), 'unknown-key'],
    ['a kid that is a query', signed(kit, { kid: "' UNION SELECT 'secret" }), 'unknown-key'],
    ['a kid of the prototype', signed(kit, { kid: '__proto__' }), 'unknown-key'],
    ['an empty kid', signed(kit, { kid: '' }), 'unknown-key'],
    ['a kid that is a number', signed(kit, { kid: 1 }), 'malformed'],
    ['a kid that is a list', signed(kit, { kid: [kid] }), 'malformed'],
    ['without alg', signed(kit, { alg: undefined }), 'unknown-key'],
    ['alg is a list', signed(kit, { alg: [alg, 'none'] }), 'unknown-key'],
    ['alg in small letters', signed(kit, { alg: alg.toLowerCase() }), 'unknown-key'],
    ['crit', signed(kit, { crit: ['x'], x: 1 }), 'malformed'],
    ['b64', signed(kit, { crit: ['b64'], b64: false }), 'malformed'],
  ]
}

function claimsOf(kit: Kit): Row[] {
  const claims = (change: Claims) => signed(kit, {}, change)
  return [
    ['of another issuer', claims({ iss: 'https://evil.example' }), 'wrong-issuer'],
    ['of an issuer that only begins so', claims({ iss: 'https://issuer.example.evil.example' }), 'wrong-issuer'],
    ['without an issuer', claims({ iss: undefined }), 'wrong-issuer'],
    ['issuers in a list', claims({ iss: ['https://issuer.example'] }), 'wrong-issuer'],
    ['for another audience', claims({ aud: 'billing' }), 'wrong-audience'],
    ['for other audiences', claims({ aud: ['billing', 'broker2'] }), 'wrong-audience'],
    ['without an audience', claims({ aud: undefined }), 'wrong-audience'],
    ['sub is a number', claims({ sub: 1 }), 'bad-claims'],
    ['sub is too long', claims({ sub: 'x'.repeat(257) }), 'bad-claims'],
    ['topics is a text', claims({ topics: '**' }), 'bad-claims'],
    ['topics is a list', claims({ topics: ['**'] }), 'bad-claims'],
    ['patterns in a text', claims({ topics: { subscribe: '**' } }), 'bad-claims'],
    ['a pattern that is none', claims({ topics: { subscribe: ['**/a'] } }), 'bad-claims'],
    ['a pattern that is a number', claims({ topics: { subscribe: ['prices/*', 1] } }), 'bad-claims'],
    ['too many patterns', claims({ topics: { subscribe: Array.from({ length: 101 }, (_, at) => `prices/${at}`) } }), 'bad-claims'],
    ['a right that is none', claims({ api: ['read', 'root'] }), 'bad-claims'],
    ['api is true', claims({ api: true }), 'bad-claims'],
    ['claims that are a text', signed(kit, {}, '"prices"'), 'malformed'],
    ['claims that are a list', signed(kit, {}, '[]'), 'malformed'],
    ['claims that are null', signed(kit, {}, 'null'), 'malformed'],
    ['claims that are no JSON', signed(kit, {}, '{"sub":'), 'malformed'],
  ]
}

function topicsOf(kit: Kit): Row[] {
  const topics = (change: Claims, claims: Claims = {}) => signed(kit, {}, { topics: change, ...claims })
  return [
    ['no topics', signed(kit, {}, { topics: undefined }), 'topic'],
    ['topics to publish only', topics({ publish: ['**'] }), 'topic'],
    ['another topic', signed(kit), 'topic', 'secrets/eur'],
    ['a topic below', signed(kit), 'topic', 'prices/eur/bid'],
    ['the topic above', signed(kit), 'topic', 'prices'],
    ["another user's", topics({ subscribe: ['users/{sub}/**'] }), 'topic', 'users/u2/in'],
    ['a subject that is a star', topics({ subscribe: ['{sub}/eur'] }, { sub: '*' }), 'topic'],
    ['a subject that is two', topics({ subscribe: ['{sub}'] }, { sub: '**' }), 'topic'],
    ['a subject with a slash', topics({ subscribe: ['{sub}'] }, { sub: topic }), 'topic'],
    ['an empty subject', topics({ subscribe: ['prices/{sub}eur'] }, { sub: '' }), 'topic'],
    ['no subject', topics({ subscribe: ['prices/{sub}', 'prices/{sub}*'] }, { sub: undefined }), 'topic', 'prices/{sub}'],
  ]
}

function brokenOf(kit: Kit): Row[] {
  const good = signed(kit)
  const [head = '', body = '', signature = ''] = good.split('.')
  return [
    ['two parts', `${head}.${body}`, 'unknown-token'],
    ['four parts', `${good}.${signature}`, 'unknown-token'],
    ['five parts', `${good}.${signature}.${signature}`, 'unknown-token'],
    ['no header', `.${body}.${signature}`, 'unknown-token'],
    ['no claims', `${head}..${signature}`, 'unknown-token'],
    ['a header that is no JSON', signed(kit, '{"alg"'), 'malformed'],
    ['a header that is a list', signed(kit, '[]'), 'malformed'],
    ['a space within', `${head}. ${body}.${signature}`, 'malformed'],
    ['padding', `${head}.${body}.${signature}=`, 'unknown-token'],
    ['base64 that is not for URLs', `${head}.${body}.+/${signature.slice(2)}`, 'unknown-token'],
    ['too large', signed(kit, {}, { padding: 'x'.repeat(8192) }), 'too-large'],
    ['a megabyte', signed(kit, {}, { padding: 'x'.repeat(2 ** 20) }), 'too-large'],
  ]
}

/** Right tokens beside all of these. */
function rightOf(kit: Kit): string[] {
  const { nowSeconds } = kit
  return [
    signed(kit), signed(kit, { kid: undefined }), signed(kit, { typ: undefined }), signed(kit, { jku: 'http://127.0.0.1:1/', cty: 'x' }),
    signed(kit, {}, { exp: nowSeconds - clockToleranceMs / 1000 + 1 }), signed(kit, {}, { nbf: nowSeconds + clockToleranceMs / 1000 }),
    signed(kit, {}, { aud: ['billing', 'broker'] }), signed(kit, {}, { sub: 'eur', topics: { subscribe: ['prices/{sub}'] } }),
    signed(kit, {}, { topics: { subscribe: ['**'] }, api: ['read', 'publish', 'admin'] }), signed(kit, {}, { padding: 'x'.repeat(4096) }),
  ]
}

async function kitFor(alg: JwtAlgorithm, nowMs: number): Promise<{ readonly kit: Kit, readonly key: VerifyingKey, readonly written: WrittenKey }> {
  const kid = `key-${alg}`
  const nowSeconds = Math.floor(nowMs / 1000)
  const claims = { iss: 'https://issuer.example', aud: 'broker', sub: 'u1', exp: nowSeconds + 3600, topics: { subscribe: ['prices/*'], publish: ['out/u1'] } }
  const shared = { alg, kid, claims, header: { alg, kid, typ: 'JWT' }, nowSeconds }
  if (isSecretAlgorithm(alg)) {
    const [secret, stranger] = [randomBytes(64).toString('hex'), randomBytes(64)]
    return { kit: { ...shared, key: Buffer.from(secret), stranger, publicPem: null }, key: await secretKey(alg, writtenSecret(secret), kid), written: { alg, kid, secret, publicPem: null } }
  }
  const [pair, stranger]: [Pair, Pair] = [keyPair(alg), keyPair(alg)]
  const publicPem = pemOf(pair)
  const kit = { ...shared, key: pair.privateKey, stranger: stranger.privateKey, publicPem }
  return { kit, key: await verifyingKey(alg, pair, kid), written: { alg, kid, secret: null, publicPem } }
}

function rowsOf(kit: Kit): Forged[] {
  const rows = [datesOf, signaturesOf, confusedOf, claimsOf, topicsOf, brokenOf].flatMap((make) => make(kit))
  const twins = rightOf(kit)
  return rows.map(([name, forged, code, asked = topic], at) => ({ name: `${kit.alg}: ${name}`, token: forged, code, topic: asked, twin: twins[at % twins.length] as string }))
}

/** All of them, and the settings with the keys of their twins. */
export async function forgedTokens(nowMs: number): Promise<ForgedTokens> {
  const kits = await Promise.all(jwtAlgorithms.map((alg) => kitFor(alg, nowMs)))
  const settings = {
    keys: kits.map(({ key }) => key), jwks: null, issuers: ['https://issuer.example'], audiences: ['broker'], clockToleranceMs, requireExpiry: true,
  }
  return { settings, keys: kits.map(({ written }) => written), rows: kits.flatMap(({ kit }) => rowsOf(kit)) }
}
