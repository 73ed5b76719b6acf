import { test } from 'tap'
import { grantsFor } from '../../../src/auth/grants.js'
import { Jwks } from '../../../src/auth/jwt/key-set.js'
import type { JwtSettings } from '../../../src/auth/jwt/verifier.js'
import type { Way } from '../../../src/config/sections/auth.js'
import { hasFallen } from '../../../src/auth/revocation.js'
import { writtenSecret } from '../../../src/config/secrets.js'
import type { AuthSettings } from '../../../src/auth/settings.js'
import { staticToken } from '../../../src/auth/static-tokens.js'
import { keyPair, verifyingKey } from '../../support/auth/keys.js'
import { settings } from '../../support/auth/questions.js'
import { TestWorld } from '../../support/auth/world.js'

function falls(before: Partial<AuthSettings>, after: Partial<AuthSettings>, way: Way, name = ''): boolean {
  return hasFallen(settings(before), settings(after))({ way, name, listener: 'subscribe' })
}

const some = grantsFor({ publish: ['a', 'b/*'] }, null)
const more = grantsFor({ publish: ['b/*', 'a', 'c'], subscribe: ['d'] }, null)
const fewer = grantsFor({ publish: ['a'] }, null)

test('tokens', async (t) => {
  const token = (name: string, secret: string, grants = some) => ({ tokens: [staticToken('other', writtenSecret('other'), some), staticToken(name, writtenSecret(secret), grants)] })
  const before = token('feed', 'one')
  t.notOk(falls(before, before, 'tokens', 'feed'))
  t.notOk(falls(before, token('feed', 'one', more), 'tokens', 'feed'), 'a grant was added')
  t.ok(falls(before, token('feed', 'one', fewer), 'tokens', 'feed'), 'a grant was removed')
  t.ok(falls(before, token('feed', 'two'), 'tokens', 'feed'), 'another secret')
  t.ok(falls(before, token('feed2', 'one'), 'tokens', 'feed'), 'another name')
  t.ok(falls(before, {}, 'tokens', 'feed'))
  t.notOk(falls(before, token('feed', 'two'), 'tokens', 'other'), 'others stand')
})

test('JWTs', async (t) => {
  const [one, two] = await Promise.all([verifyingKey('ES256', keyPair('ES256')), verifyingKey('ES256', keyPair('ES256'))])
  const jwt = (change: Partial<JwtSettings & { jwksName: string | null }> = {}) => {
    return { jwt: { keys: [one, two], jwks: null, issuers: ['i'], audiences: ['a'], clockToleranceMs: 0, requireExpiry: true, jwksName: null, ...change } }
  }
  t.notOk(falls(jwt(), jwt(), 'jwt', one.id))
  t.notOk(falls(jwt(), jwt({ keys: [two, one], clockToleranceMs: 5000 }), 'jwt', one.id))
  t.ok(falls(jwt(), jwt({ keys: [two] }), 'jwt', one.id))
  t.notOk(falls(jwt(), jwt({ keys: [two] }), 'jwt', two.id))
  t.ok(falls(jwt(), jwt({ issuers: ['j'] }), 'jwt', one.id))
  t.ok(falls(jwt(), jwt({ issuers: null }), 'jwt', one.id), 'any change of them: who is there still connects again')
  t.ok(falls(jwt(), jwt({ audiences: ['b'] }), 'jwt', one.id))
  t.ok(falls(jwt({ requireExpiry: false }), jwt(), 'jwt', one.id))
  t.notOk(falls(jwt(), jwt({ requireExpiry: false }), 'jwt', one.id))
  t.ok(falls(jwt(), {}, 'jwt', one.id))
})

test('JWTs of a key set', async (t) => {
  const { publicKey } = keyPair('ES256')
  const jwks = new Jwks(async () => JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }), 'set', new TestWorld(t))
  await jwks.refresh()
  const id = jwks.find('ES256', null)[0]?.id ?? ''
  const jwt = (jwksName: string | null, set: Jwks | null = jwks) => {
    return { jwt: { keys: [], jwks: set, issuers: null, audiences: null, clockToleranceMs: 0, requireExpiry: true, jwksName } }
  }
  t.notOk(falls(jwt('https://a'), jwt('https://a'), 'jwt', id))
  t.ok(falls(jwt('https://a'), jwt('https://b'), 'jwt', id))
  t.ok(falls(jwt('https://a'), jwt(null, null), 'jwt', id))
  t.ok(falls(jwt('https://a'), jwt('https://a'), 'jwt', 'another'), 'a key that is gone from it')
})

test('certificates', async (t) => {
  const rule = (subject: string, grants = some) => ({ certificates: [{ subject, grants }] })
  t.notOk(falls(rule('feed'), rule('feed', more), 'certificates', 'feed'))
  t.ok(falls(rule('feed'), rule('feed', fewer), 'certificates', 'feed'))
  t.ok(falls(rule('feed'), rule('other'), 'certificates', 'feed'))
  t.ok(falls(rule('feed'), {}, 'certificates', 'feed'))
})

test('the webhook, and who came without a credential', async (t) => {
  const webhook = (path: string, timeoutMs = 1) => ({ webhook: { url: new URL(path, 'https://auth.example'), timeoutMs, cacheMs: 1, headers: [] } })
  t.notOk(falls(webhook('/a'), webhook('/a', 2), 'webhook'))
  t.ok(falls(webhook('/a'), webhook('/b'), 'webhook'))
  t.ok(falls(webhook('/a'), {}, 'webhook'))
  t.ok(falls({ ...webhook('/a'), anonymous: some }, { ...webhook('/a'), anonymous: fewer }, 'webhook'), 'it may have stood on both')
  t.notOk(falls({ anonymous: some }, { anonymous: more }, 'anonymous'))
  t.ok(falls({ anonymous: some }, { anonymous: fewer }, 'anonymous'))
  t.notOk(falls({ anonymous: null }, { anonymous: null }, 'anonymous'))
  t.ok(falls({ anonymous: null }, { anonymous: some }, 'anonymous'))
  t.ok(falls({ anonymous: some }, { anonymous: null }, 'anonymous'), 'it may have come from elsewhere')
})

test('a listener that takes fewer ways', async (t) => {
  const narrowed = (...ways: Way[]) => ({ anonymous: some, narrowed: new Map([['subscribe', ways]]) })
  t.notOk(falls({ anonymous: some }, narrowed('jwt', 'anonymous'), 'anonymous'))
  t.ok(falls({ anonymous: some }, narrowed('jwt'), 'anonymous'))
  t.notOk(hasFallen(settings({ anonymous: some }), settings(narrowed('jwt')))({ way: 'anonymous', name: '', listener: 'publish' }), 'another listener')
  t.notOk(falls(narrowed('anonymous'), { anonymous: some }, 'anonymous'), 'more ways')
})
