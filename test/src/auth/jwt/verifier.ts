import { test } from 'tap'
import { isJwtShaped, JwtVerifier, type JwtSettings } from '../../../../src/auth/jwt/verifier.js'
import { isPrincipal, type Looked } from '../../../../src/auth/principal.js'
import { keyPair, verifyingKey } from '../../../support/auth/keys.js'
import { token } from '../../../support/auth/sign.js'
import { TestWorld } from '../../../support/auth/world.js'

const pair = keyPair('ES256')
const key = await verifyingKey('ES256', pair, 'k1')
const defaults: JwtSettings = { keys: [key], jwks: null, issuers: null, audiences: null, clockToleranceMs: 5000, requireExpiry: true }

function sign(claims: Record<string, unknown>, header: Record<string, unknown> = {}): string {
  return token('ES256', pair.privateKey, { alg: 'ES256', kid: 'k1', ...header }, claims)
}

function codeOf(looked: Looked): string {
  return isPrincipal(looked) ? 'accepted' : looked.code
}

test('who holds it', async (t) => {
  const world = new TestWorld(t)
  const verifier = new JwtVerifier(defaults, world)
  const exp = world.wall / 1000 + 60
  const looked = await verifier.verify(sign({ sub: 'u1', exp, topics: { publish: ['users/{sub}/*'], subscribe: ['all'] }, api: ['read'] }))
  t.strictSame(looked, {
    way: 'jwt', name: key.id, subject: 'u1', expiresAt: exp * 1000, grants: { publish: ['users/u1/*'], subscribe: ['all'], api: ['read'] },
  })
  t.match(await verifier.verify(sign({ exp })), { subject: null, grants: { publish: [], subscribe: [], api: [] } }, 'nothing said, nothing granted')
})

test('when it ends', async (t) => {
  const world = new TestWorld(t)
  const verifier = new JwtVerifier(defaults, world)
  const exp = world.wall / 1000 + 60
  const end = async () => (await verifier.verify(sign({ exp })) as { expiresAt?: number }).expiresAt
  t.equal(await end(), exp * 1000)
  world.wall = exp * 1000 - 1
  t.equal(await end(), exp * 1000)
  world.wall = exp * 1000
  t.equal(await end(), exp * 1000 + 5000, 'of a clock that is behind')
  world.wall = exp * 1000 + 4999
  t.equal(await end(), exp * 1000 + 5000)
  world.wall = exp * 1000 + 5000
  t.equal(await end(), undefined)
})

test('tokens without an end, where they are allowed', async (t) => {
  const world = new TestWorld(t)
  t.match(await new JwtVerifier({ ...defaults, requireExpiry: false }, world).verify(sign({})), { expiresAt: null })
  t.equal(codeOf(await new JwtVerifier(defaults, world).verify(sign({}))), 'bad-claims')
})

test('several keys of one kind: the one that signed, whatever it is called', async (t) => {
  const world = new TestWorld(t)
  const [other, stranger] = [keyPair('ES256'), keyPair('ES256')]
  const exp = world.wall / 1000 + 60
  const named = new JwtVerifier({ ...defaults, keys: [await verifyingKey('ES256', other, 'k2'), key] }, world)
  const unnamed = new JwtVerifier({ ...defaults, keys: [await verifyingKey('ES256', other), await verifyingKey('ES256', pair)] }, world)
  for (const [verifier, kid, by, expected] of [
    [named, 'k1', pair, 'accepted'], [named, undefined, pair, 'accepted'], [named, undefined, other, 'accepted'], [named, 'k2', pair, 'bad-signature'],
    [named, 'k3', pair, 'unknown-key'], [named, undefined, stranger, 'bad-signature'],
    [unnamed, 'k1', pair, 'accepted'], [unnamed, 'x', other, 'accepted'], [unnamed, undefined, pair, 'accepted'], [unnamed, undefined, stranger, 'bad-signature'],
  ] as const) t.equal(codeOf(await verifier.verify(token('ES256', by.privateKey, { alg: 'ES256', kid }, { exp }))), expected, String(kid))
})

test('several issuers and audiences', async (t) => {
  const world = new TestWorld(t)
  const verifier = new JwtVerifier({ ...defaults, issuers: ['a', 'b'], audiences: ['x', 'y'] }, world)
  const exp = world.wall / 1000 + 60
  for (const [claims, expected] of [
    [{ iss: 'a', aud: 'x' }, 'accepted'], [{ iss: 'b', aud: ['z', 'y'] }, 'accepted'], [{ iss: 'c', aud: 'x' }, 'wrong-issuer'], [{ iss: 'a', aud: 'z' }, 'wrong-audience'],
    [{ iss: 'a', aud: [] }, 'wrong-audience'], [{ aud: 'x' }, 'wrong-issuer'],
  ] as const) t.equal(codeOf(await verifier.verify(sign({ exp, ...claims }))), expected, JSON.stringify(claims))
})

test('Ed25519 has two names', async (t) => {
  const world = new TestWorld(t)
  const ed = keyPair('EdDSA')
  const verifier = new JwtVerifier({ ...defaults, keys: [await verifyingKey('EdDSA', ed)] }, world)
  const exp = world.wall / 1000 + 60
  for (const alg of ['EdDSA', 'Ed25519']) t.equal(codeOf(await verifier.verify(token('EdDSA', ed.privateKey, { alg }, { exp }))), 'accepted')
  t.equal(codeOf(await verifier.verify(token('EdDSA', ed.privateKey, { alg: 'Ed448' }, { exp }))), 'unknown-key')
})

test('the log is told why, on one short line, without the token', async (t) => {
  const world = new TestWorld(t)
  const verifier = new JwtVerifier({ ...defaults, issuers: ['a'] }, world)
  const now = world.wall / 1000
  const long = 'x\n\u001b[31m'.repeat(100)
  for (const [forged, pattern] of [
    [sign({ iss: 'a', exp: now - 60 }), /^the token ended at 2026-01-15T11:59:00.000Z$/],
    [sign({ iss: 'a', exp: now + 60, nbf: now + 30, sub: 'u1' }), /^the token of "u1" is valid from 2026-01-15T12:00:30.000Z$/],
    [sign({ iss: long, exp: now + 60, sub: long }), /^the token of "x.* is issued by "x/],
    [sign({ exp: now + 60 }, { kid: long }), /^no key for ES256 is called "x/],
    [sign({ exp: now + 60 }, { alg: long }), /^no key verifies the algorithm "x/],
    [sign({ iss: 'a' }), /^the claim exp of the token is missing or wrong$/],
    [sign({ iss: 'a', exp: now + 60, topics: { publish: [long] } }), /^the claim topics.publish.0 is wrong: must be without control characters$/],
  ] as const) {
    const looked = await verifier.verify(forged) as { reason: string }
    t.match(looked.reason, pattern)
    t.notMatch(looked.reason, /[\u0000-\u001f]/)
    t.ok(looked.reason.length < 300, looked.reason)
  }
})

test('what has the shape of one', async (t) => {
  for (const text of ['a.b.c', 'a.b.', 'A-_9.b.c']) t.ok(isJwtShaped(text), text)
  for (const text of ['', 'a', 'a.b', '.b.c', 'a..c', 'a.b.c.d', 'a.b.c=', 'a b.c.d', 'a+.b.c', 'a.b.c\n']) t.notOk(isJwtShaped(text), text)
})
