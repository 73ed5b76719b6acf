import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { Authorizer } from '../../../src/auth/authorizer.js'
import { loadSettings } from '../../../src/auth/load-settings.js'
import { hasFallen } from '../../../src/auth/revocation.js'
import type { AuthSettings } from '../../../src/auth/settings.js'
import { parseOptions } from '../../../src/config/parse.js'
import type { BrokerOptions } from '../../../src/config/schema.js'
import { ConfigError } from '../../../src/errors.js'
import { keyPair, pemOf } from '../../support/auth/keys.js'
import { question } from '../../support/auth/questions.js'
import { json, TestServer } from '../../support/auth/server.js'
import { token } from '../../support/auth/sign.js'
import { TestWorld } from '../../support/auth/world.js'

const pair = keyPair('ES256')
const secret = randomBytes(32).toString('hex')
const feed = 'the-token-of-the-feed'

interface Files {
  readonly world: TestWorld
  readonly path: (name: string) => string
  readonly load: (auth: BrokerOptions['auth'], more?: BrokerOptions, previous?: AuthSettings | null) => Promise<AuthSettings>
}

function files(t: Test): Files {
  const world = new TestWorld(t)
  const jwks = JSON.stringify({ keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'k1' }] })
  const dir = t.testdir({
    'feed.secret': `${feed}\n`, 'hs.secret': `${secret}\n`, 'es.pem': pemOf(pair), 'jwks.json': jwks, empty: '', short: 'short', 'spaces': 'a token with spaces in it', 'bad.json': '{}',
  })
  const load = async (auth: BrokerOptions['auth'], more: BrokerOptions = {}, previous: AuthSettings | null = null) => {
    return await loadSettings(parseOptions({ ...more, auth }), world, previous) as AuthSettings
  }
  return { world, path: (name) => join(dir, name), load }
}

test('without auth there is nothing', async (t) => {
  t.equal(await files(t).load(null), null)
})

test('everything that can be configured', async (t) => {
  const { world, path, load } = files(t)
  const settings = await load({
    jwt: { keys: [{ alg: 'HS256', secretFile: path('hs.secret') }, { alg: 'ES256', publicKeyFile: path('es.pem'), kid: 'k1' }], issuer: 'i' },
    tokens: [{ name: 'feed', secretFile: path('feed.secret'), publish: ['prices/*', 'by/{sub}'] }, { name: 'admin', secret: 'the-token-of-an-admin', api: true }],
    webhook: { url: 'https://auth.example/decide', headers: ['cookie'] },
    certificates: [{ subject: 'feed.internal', publish: ['**'] }], anonymous: { subscribe: ['public/**'] }, origins: ['https://shop.example'],
  }, { grpc: { auth: ['jwt'] } })
  t.match(settings, {
    jwt: { keys: [{ alg: 'HS256', kid: null }, { alg: 'ES256', kid: 'k1' }], jwks: null, issuers: ['i'], audiences: null, clockToleranceMs: 5000, requireExpiry: true },
    tokens: [{ name: 'feed', grants: { publish: ['prices/*', 'by/feed'], api: [] } }, { name: 'admin', grants: { publish: [], api: ['read', 'publish', 'admin'] } }],
    webhook: { url: new URL('https://auth.example/decide'), timeoutMs: 2000, cacheMs: 30_000, headers: ['cookie'] },
    certificates: [{ subject: 'feed.internal', grants: { publish: ['**'] } }], anonymous: { publish: [], subscribe: ['public/**'] }, origins: ['https://shop.example'],
    narrowed: new Map([['grpc', ['jwt']]]),
  })
  t.equal((await load({})).anonymous, null, 'nothing said about anybody')
  const authorizer = new Authorizer(settings, world)
  const claims = { iss: 'i', exp: world.wall / 1000 + 60, topics: { subscribe: ['prices/*'] } }
  t.match(await authorizer.decide(question(token('HS256', Buffer.from(secret), { alg: 'HS256' }, claims))), { allow: true }, 'without the end of the line')
  t.match(await authorizer.decide(question(token('ES256', pair.privateKey, { alg: 'ES256' }, claims))), { allow: true })
  t.match(await authorizer.decide(question(feed, { action: 'publish', topics: ['prices/eur'] })), { allow: true })
  t.match(await authorizer.decide(question(feed, { action: 'publish', topics: ['prices/eur'], listener: 'grpc' })), { code: 'unknown-token' })
})

test('files that are not what they must be, all told at once', async (t) => {
  const { path, load } = files(t)
  const error = await load({
    tokens: [
      { name: 'a', secretFile: path('none') }, { name: 'b', secretFile: path('empty') }, { name: 'c', secretFile: path('spaces') }, { name: 'd', secretFile: path('short') },
      { name: 'e', secret: feed }, { name: 'f', secretFile: path('feed.secret') },
    ],
    jwt: {
      keys: [
        { alg: 'HS256', secretFile: path('short') }, { alg: 'HS256', secretFile: path('es.pem') }, { alg: 'RS256', publicKeyFile: path('es.pem') },
        { alg: 'ES256', publicKeyFile: path('hs.secret') }, { alg: 'HS256', secret: 'short' }, { alg: 'ES256', publicKeyFile: path('none') },
      ],
      jwksFile: path('bad.json'),
    },
  }).then(() => null, (reason: unknown) => reason) as ConfigError
  const characters = 'must name a file whose only line must be 16..1024 letters, digits or -._~+/, and = at its end only'
  t.ok(error instanceof ConfigError)
  t.strictSame(error.message.split('\n').sort(), [
    `auth.tokens[0].secretFile must name a readable file of at most 65536 bytes, got: ${path('none')} (ENOENT)`,
    `auth.tokens[1].secretFile ${characters}, got: 0 bytes`,
    `auth.tokens[2].secretFile ${characters}, got: 25 bytes`,
    `auth.tokens[3].secretFile ${characters}, got: 5 bytes`,
    'auth.tokens[5].secretFile must differ from the secret of "e", got: the same',
    'auth.jwt.keys[0].secretFile must hold at least 32 bytes for HS256, got: 5',
    'auth.jwt.keys[1].secretFile must hold a secret for HS256, got: a PEM file',
    'auth.jwt.keys[2].publicKeyFile must hold an RSA key of at least 2048 bits, got: ec',
    'auth.jwt.keys[3].publicKeyFile must hold a public key or a certificate in PEM, got: something else',
    'auth.jwt.keys[4].secret must hold at least 32 bytes for HS256, got: 5',
    `auth.jwt.keys[5].publicKeyFile must name a readable file of at most 65536 bytes, got: ${path('none')} (ENOENT)`,
    `auth.jwt.jwksFile must name a file with a key set, got: the key set ${path('bad.json')} cannot be read (it is no set of at most 100 keys): tokens signed by its keys are refused until it can be`,
  ].sort())
  t.notMatch(error.message, new RegExp(`${feed}|${secret}|spaces in it`))
})

test('a key set in a file', async (t) => {
  const { world, path, load } = files(t)
  const settings = await load({ jwt: { jwksFile: path('jwks.json'), requireExpiry: false } })
  const signed = token('ES256', pair.privateKey, { alg: 'ES256', kid: 'k1' }, { topics: { subscribe: ['prices/*'] } })
  const verdict = await new Authorizer(settings, world).decide(question(signed))
  t.match(verdict, { allow: true })
  if (!verdict.allow) return
  t.notOk(hasFallen(settings, await load({ jwt: { jwksFile: path('jwks.json'), requireExpiry: false } }))(verdict.standing), 'the same file')
  writeFileSync(path('jwks.json'), JSON.stringify({ keys: [keyPair('ES256').publicKey.export({ format: 'jwk' })] }))
  t.ok(hasFallen(settings, await load({ jwt: { jwksFile: path('jwks.json'), requireExpiry: false } }))(verdict.standing), 'the key is gone from it')
})

test('a key set at a URL is kept by a reload, also while it is down', async (t) => {
  const { world, load } = files(t)
  const server = await TestServer.start(t)
  server.respond = json({ keys: [pair.publicKey.export({ format: 'jwk' })] })
  const jwt = { jwksUrl: server.url('/jwks?key=s3cret').href, requireExpiry: false }
  const before = await load({ jwt })
  const signed = token('ES256', pair.privateKey, { alg: 'ES256' }, { topics: { subscribe: ['prices/*'] } })
  const verdict = await new Authorizer(before, world).decide(question(signed))
  t.match(verdict, { allow: true })
  server.respond = json({}, 500)
  world.pass(3_600_000)
  const after = await load({ jwt }, {}, before)
  t.equal(after.jwt?.jwks, before.jwt?.jwks)
  t.match(await new Authorizer(after, world).decide(question(signed)), { allow: true })
  if (verdict.allow) t.notOk(hasFallen(before, after)(verdict.standing))
  t.ok((await load({ jwt: { ...jwt, jwksUrl: server.url('/other').href } }, {}, before)).jwt?.jwks !== before.jwt?.jwks, 'another URL is another set')
  t.notMatch(JSON.stringify(world.warnings), /s3cret/)
})
