import { test, type Test } from 'tap'
import { Authorizer, type Decided } from '../../../src/auth/authorizer.js'
import { failuresPerSecondMax } from '../../../src/auth/load/failures.js'
import { grantsFor } from '../../../src/auth/grants.js'
import { Jwks } from '../../../src/auth/jwt/key-set.js'
import type { Question } from '../../../src/auth/question.js'
import type { Way } from '../../../src/config/sections/auth.js'
import { writtenSecret } from '../../../src/config/secrets.js'
import type { AuthSettings } from '../../../src/auth/settings.js'
import { staticToken } from '../../../src/auth/static-tokens.js'
import type { Standing, Verdict } from '../../../src/auth/verdict.js'
import { keyPair, verifyingKey } from '../../support/auth/keys.js'
import { question, questionWith, settings } from '../../support/auth/questions.js'
import { json, TestServer } from '../../support/auth/server.js'
import { token } from '../../support/auth/sign.js'
import { TestWorld } from '../../support/auth/world.js'

const pair = keyPair('ES256')
const key = await verifyingKey('ES256', pair)
const jwt: NonNullable<AuthSettings['jwt']> = {
  keys: [key], jwks: null, jwksName: null, issuers: null, audiences: null, clockToleranceMs: 5000, requireExpiry: true,
}
const feedToken = 'the-token-of-the-feed'
const tokens = [staticToken('feed', writtenSecret(feedToken), grantsFor({ publish: ['prices/*'], api: ['publish'] }, 'feed'))]
const everybody = grantsFor({ subscribe: ['public/**'] }, null)

function signed(world: TestWorld, claims: Record<string, unknown> = {}): string {
  return token('ES256', pair.privateKey, { alg: 'ES256' }, { sub: 'u1', exp: world.wall / 1000 + 60, topics: { subscribe: ['prices/*'] }, ...claims })
}

interface Scene {
  readonly world: TestWorld
  readonly authorizer: Authorizer
  /** `allow <way>`, or the refusal's code. */
  readonly outcome: (asked: Question) => Promise<string>
}

function scene(t: Test, change: Partial<AuthSettings> = {}): Scene {
  const world = new TestWorld(t)
  const authorizer = new Authorizer(settings(change), world)
  const outcome = async (asked: Question) => {
    const verdict = await authorizer.decide(asked)
    return verdict.allow ? `allow ${verdict.standing.way}` : verdict.code
  }
  return { world, authorizer, outcome }
}

test('each way lets in whom it knows', async (t) => {
  const server = await TestServer.start(t)
  server.respond = json({ allow: true, subscribe: ['prices/*'], subject: 'w1', expiresInMs: 1000 })
  const webhook = { url: server.url(), timeoutMs: 5000, cacheMs: 1000, headers: ['cookie'] }
  const certificates = [{ subject: 'feed.internal', grants: everybody }]
  const { world, authorizer } = scene(t, { tokens, jwt, certificates, webhook, anonymous: everybody })
  t.strictSame(authorizer.headers, ['cookie'])
  t.strictSame(await authorizer.decide(question(feedToken, { action: 'publish', listener: 'publish' })), {
    allow: true, grants: { publish: ['prices/*'], subscribe: [], api: ['publish'] }, subject: 'feed', expiresAt: null, subprotocol: null,
    standing: { way: 'tokens', name: 'feed', listener: 'publish' },
  })
  t.match(await authorizer.decide(question(signed(world))), { allow: true, subject: 'u1', expiresAt: world.wall + 60_000, standing: { way: 'jwt', name: key.id } })
  t.match(await authorizer.decide(question('opaque')), { allow: true, subject: 'w1', expiresAt: world.wall + 1000, standing: { way: 'webhook' } })
  const certificate = { commonName: 'feed.internal', uris: [], expiresAt: world.wall + 5 }
  t.match(await authorizer.decide(questionWith({ certificate }, { topics: ['public/a'] })), { allow: true, expiresAt: world.wall + 5, standing: { way: 'certificates' } })
  t.match(await authorizer.decide(question(null, { topics: ['public/a'] })), { allow: true, subject: null, expiresAt: null, standing: { way: 'anonymous' } })
  t.equal(server.requests.length, 1, 'the webhook is asked when no other way decides')
})

test('a token that one way decides is shown to no other', async (t) => {
  const server = await TestServer.start(t)
  server.respond = json({ allow: true, subscribe: ['**'] })
  const { world, outcome } = scene(t, { tokens, jwt, webhook: { url: server.url(), timeoutMs: 5000, cacheMs: 0, headers: [] }, anonymous: everybody })
  t.equal(await outcome(question(feedToken)), 'topic')
  t.equal(await outcome(question(signed(world, { exp: 1 }))), 'expired')
  t.equal(await outcome(question(`${signed(world)}x`)), 'bad-signature')
  t.equal(await outcome(question('a b')), 'malformed')
  t.equal(server.requests.length, 0)
})

test('a wrong credential is never taken for none', async (t) => {
  const { world, outcome } = scene(t, { tokens, jwt, anonymous: everybody })
  for (const credential of ['wrong', 'a b', `${signed(world)}x`, signed(world, { exp: 1 })]) {
    t.not(await outcome(question(credential, { topics: ['public/a'] })), 'allow anonymous', credential)
  }
  t.equal(await outcome(question(feedToken, { topics: ['public/a'] })), 'topic', 'what anybody may, it may when it leaves the token away')
})

test('topics: all that are named must be granted', async (t) => {
  const { world, outcome } = scene(t, { jwt })
  const both = signed(world, { topics: { subscribe: ['a', 'b/*'], publish: ['c'] } })
  for (const [topics, expected] of [
    [['a'], 'allow jwt'], [['a', 'b/x'], 'allow jwt'], [['a', 'c'], 'topic'], [['c', 'a'], 'topic'], [['b'], 'topic'], [[], 'allow jwt'],
  ] as const) t.equal(await outcome(question(both, { topics })), expected, topics.join())
  t.equal(await outcome(question(both, { topics: ['c'], action: 'publish' })), 'allow jwt')
  t.equal(await outcome(question(both, { topics: ['a'], action: 'publish' })), 'topic')
  t.equal(await outcome(question(signed(world), { topics: [], action: 'publish' })), 'topic', 'nothing to publish to')
  t.equal(await outcome(question(null)), 'no-credential')
  t.equal(await outcome(question(null, { topics: [] })), 'no-credential')
})

test('the HTTP API: a right for it and a pattern for the topic', async (t) => {
  const { world, outcome } = scene(t, { jwt, tokens })
  const api = (rights: readonly string[], topics = {}) => signed(world, { api: rights, topics })
  const asked = { api: true, listener: 'api' }
  for (const [rights, action, expected] of [
    [['read'], 'read', 'allow jwt'], [[], 'read', 'right'], [['publish'], 'read', 'right'], [['admin'], 'admin', 'allow jwt'], [['read', 'publish'], 'admin', 'right'],
  ] as const) t.equal(await outcome(question(api(rights), { ...asked, action, topics: [] })), expected, `${rights.join()}: ${action}`)
  const publish = { ...asked, action: 'publish', topics: ['prices/eur'] } as const
  t.equal(await outcome(question(api(['publish'], { publish: ['prices/*'] }), publish)), 'allow jwt')
  t.equal(await outcome(question(api(['publish'], { publish: ['other'] }), publish)), 'topic')
  t.equal(await outcome(question(api(['read'], { publish: ['**'] }), publish)), 'right')
  t.equal(await outcome(question(feedToken, publish)), 'allow tokens')
  t.equal(await outcome(question(api(['read'], { subscribe: ['prices/*'] }), { ...publish, action: 'subscribe' })), 'allow jwt')
  t.equal(await outcome(question(api(['admin']), { action: 'admin', topics: [] })), 'right', 'admin is of the API only')
})

test('listeners that take fewer ways', async (t) => {
  const server = await TestServer.start(t)
  server.respond = json({ allow: true, subscribe: ['**'] })
  const webhook = { url: server.url(), timeoutMs: 5000, cacheMs: 0, headers: [] }
  const certificate = { commonName: 'feed.internal', uris: [], expiresAt: 0 }
  const certificates = [{ subject: 'feed.internal', grants: grantsFor({ subscribe: ['**'] }, null) }]
  const all = grantsFor({ subscribe: ['**'] }, null)
  const rows: [Way[], string, string, string, string, string][] = [
    // of: a static token, a JWT, another token, a certificate, nothing
    [['tokens'], 'topic', 'unknown-token', 'unknown-token', 'no-credential', 'no-credential'],
    [['jwt'], 'unknown-token', 'allow jwt', 'unknown-token', 'no-credential', 'no-credential'],
    [['certificates'], 'unknown-token', 'unknown-token', 'unknown-token', 'allow certificates', 'no-credential'],
    [['webhook'], 'allow webhook', 'allow webhook', 'allow webhook', 'allow webhook', 'allow webhook'],
    [['anonymous'], 'unknown-token', 'unknown-token', 'unknown-token', 'allow anonymous', 'allow anonymous'],
    [['jwt', 'tokens'], 'topic', 'allow jwt', 'unknown-token', 'no-credential', 'no-credential'],
  ]
  for (const [ways, ...expected] of rows) {
    const { world, outcome } = scene(t, { tokens, jwt, certificates, webhook, anonymous: all, narrowed: new Map([['subscribe', ways]]) })
    const asked = [question(feedToken), question(signed(world)), question('opaque'), questionWith({ certificate }), question(null)]
    const outcomes = []
    for (const each of asked) outcomes.push(await outcome(each))
    t.strictSame(outcomes, expected, ways.join())
    t.equal(await outcome(question(null, { listener: 'publish', action: 'subscribe' })), 'allow anonymous', 'another listener takes all')
  }
})

test('without a credential: what anybody may, and beyond it what the webhook says', async (t) => {
  const server = await TestServer.start(t)
  const webhook = { url: server.url(), timeoutMs: 5000, cacheMs: 0, headers: ['cookie'] }
  const { authorizer, outcome } = scene(t, { webhook, anonymous: everybody })
  const asks = (topics: string[]) => question(null, { topics, headers: { cookie: 'sid=1' } })
  server.respond = json({ allow: true, subscribe: ['members/**'] })
  t.equal(await outcome(asks(['public/a'])), 'allow anonymous')
  t.equal(server.requests.length, 0, 'not asked for what anybody may')
  t.equal(await outcome(asks(['members/a', 'public/a'])), 'allow webhook')
  t.match(await authorizer.decide(asks([])), { allow: true, grants: { subscribe: ['members/**', 'public/**'] }, standing: { way: 'webhook' } })
  server.respond = json({ allow: false })
  t.equal(await outcome(asks(['members/a'])), 'no-credential')
  t.match(await authorizer.decide(asks([])), { allow: true, grants: { subscribe: ['public/**'] }, standing: { way: 'anonymous' } })
  server.respond = json({}, 500)
  t.equal(await outcome(asks(['members/a'])), 'webhook-unavailable')
  t.equal(await outcome(asks([])), 'allow anonymous')
  t.equal(await outcome(question('opaque', { topics: ['public/a'] })), 'webhook-unavailable', 'fail closed')
})

test('this machine, where nothing is said about anybody', async (t) => {
  const { outcome } = scene(t, { jwt, anonymous: null })
  const here = { peer: '127.0.0.1' }
  t.equal(await outcome(question(null, here)), 'allow anonymous')
  t.equal(await outcome(question(null, { ...here, action: 'admin', api: true })), 'allow anonymous')
  for (const change of [{}, { ...here, proxied: true }, { ...here, origin: 'https://evil.example' }, { peer: '10.0.0.1' }]) {
    t.equal(await outcome(question(null, change)), 'no-credential', JSON.stringify(change))
  }
  t.equal(await outcome(question('wrong', here)), 'unknown-token', 'a wrong credential is wrong here, too')
})

test('origins', async (t) => {
  const certificate = { commonName: 'feed.internal', uris: [], expiresAt: 0 }
  const certificates = [{ subject: 'feed.internal', grants: grantsFor({ subscribe: ['**'] }, null) }]
  const shop = { origin: 'https://shop.example' }
  const listed = scene(t, { jwt, certificates, origins: ['https://shop.example'] })
  t.equal(await listed.outcome(question(signed(listed.world), shop)), 'allow jwt')
  t.equal(await listed.outcome(questionWith({ certificate }, shop)), 'allow certificates')
  t.equal(await listed.outcome(question(signed(listed.world))), 'allow jwt', 'no browser')
  for (const origin of ['https://evil.example', 'null', '']) t.equal(await listed.outcome(question(signed(listed.world), { origin })), 'origin', origin)
  const any = scene(t, { jwt, certificates })
  t.equal(await any.outcome(question(signed(any.world), shop)), 'allow jwt', 'a page must know the token')
  t.equal(await any.outcome(questionWith({ certificate }, shop)), 'origin', 'a browser shows its certificate for any page')
  t.equal(await any.outcome(questionWith({ certificate })), 'allow certificates')
})

test('the subprotocol that a handshake is answered with', async (t) => {
  const { world, authorizer } = scene(t, { jwt })
  const offer = `bearer.${Buffer.from(signed(world)).toString('base64url')}`
  t.match(await authorizer.decide(questionWith({ subprotocols: `${offer}, bearer` })), { allow: true, subprotocol: 'bearer' })
  t.match(await authorizer.decide(questionWith({ subprotocols: offer })), { allow: true, subprotocol: null })
})

test('failures: ten a second of one address, then 429 without a look', async (t) => {
  const { world, authorizer, outcome } = scene(t, { tokens, anonymous: everybody })
  for (let count = 0; count < failuresPerSecondMax; count++) t.equal(await outcome(question(`wrong-${count}`)), 'unknown-token')
  t.match(await authorizer.decide(question('wrong')), { allow: false, status: 429, grpc: 'RESOURCE_EXHAUSTED', retryAfterSeconds: 1 })
  t.equal(await outcome(question(feedToken, { action: 'publish' })), 'too-many-failures', 'not looked at')
  t.equal(await outcome(question(null, { topics: ['public/a'] })), 'allow anonymous', 'who brings nothing has nothing to guess')
  t.equal(await outcome(question(feedToken, { action: 'publish', peer: '192.0.2.2' })), 'allow tokens', 'others')
  world.pass(1000)
  t.equal(await outcome(question(feedToken, { action: 'publish' })), 'allow tokens')
  for (let count = 0; count < 100; count++) await outcome(question(null))
  t.equal(await outcome(question('wrong')), 'unknown-token', 'coming without one is no failure')
})

test('a burst of wrong tokens at the same time', async (t) => {
  const { world, authorizer } = scene(t, { jwt })
  const wrong = Array.from({ length: 1000 }, (_, at) => `${signed(world, { sub: `${at}` }).slice(0, -4)}AAAA`)
  const verdicts = await Promise.all(wrong.map((each) => authorizer.decide(question(each))))
  const looked = verdicts.filter((verdict) => !verdict.allow && verdict.status === 401).length
  t.ok(looked >= failuresPerSecondMax && looked <= failuresPerSecondMax + 8, `${looked} were looked at`)
  t.equal(verdicts.filter((verdict) => !verdict.allow && verdict.status === 429).length, 1000 - looked)
})

test('1000 connections with one token verify it once', async (t) => {
  let verified = 0
  const { subtle } = globalThis.crypto
  const verify = subtle.verify.bind(subtle)
  t.intercept(subtle, 'verify', { value: (...given: Parameters<typeof verify>) => (verified++, verify(...given)) })
  const { world, authorizer } = scene(t, { jwt })
  const one = question(signed(world))
  const verdicts = await Promise.all(Array.from({ length: 1000 }, (_, at) => authorizer.decide({ ...one, peer: `192.0.2.${at % 200}` })))
  t.ok(verdicts.every((verdict) => verdict.allow && verdict.grants === (verdicts[0] as Verdict & { allow: true }).grants), 'and share one object of grants')
  t.equal(verified, 1)
  await authorizer.decide(one)
  t.equal(verified, 1)
  world.pass(59_999)
  await authorizer.decide(one)
  t.equal(verified, 1)
  world.pass(1)
  t.match(await authorizer.decide(one), { allow: true, expiresAt: world.wall + 5000 })
  t.equal(verified, 2, 'when it has ended')
  world.pass(5000)
  t.match(await authorizer.decide(one), { allow: false, code: 'expired' })
})

test('many questions at once, each answered once, ready ones together', async (t) => {
  const server = await TestServer.start(t)
  let answer: () => void = () => {}
  server.respond = (response, request) => {
    answer = () => json({ allow: true, subscribe: ['**'] })(response, request)
  }
  const { world, authorizer } = scene(t, { tokens, jwt, webhook: { url: server.url(), timeoutMs: 60_000, cacheMs: 0, headers: [] } })
  const batches: (readonly Decided<number>[])[] = []
  const asked = [question('opaque'), ...Array.from({ length: 500 }, () => question(feedToken, { action: 'publish' })), question(signed(world))].map((each, id) => ({ id, question: each }))
  authorizer.decideAll(asked, (decided) => batches.push(decided))
  const turn = () => new Promise((resolve) => setTimeout(resolve, 1))
  while (batches.flat().length < 501 || server.requests.length === 0) await turn()
  t.ok(batches.length < 100, `${batches.length} batches`)
  t.notOk(batches.flat().some(({ id }) => id === 0), 'nobody waits for the webhook but who needs it')
  answer()
  while (batches.flat().length < 502) await turn()
  t.strictSame(batches.flat().map(({ id }) => id).sort((a, b) => a - b), asked.map(({ id }) => id))
  t.ok(batches.flat().every(({ verdict }) => verdict.allow))
})

test('keys that go from a key set', async (t) => {
  const world = new TestWorld(t)
  const document = (...keys: typeof pair[]) => JSON.stringify({ keys: keys.map(({ publicKey }) => publicKey.export({ format: 'jwk' })) })
  let text = document(pair)
  const jwks = new Jwks(async () => text, 'set', world)
  const authorizer = new Authorizer(settings({ jwt: { ...jwt, keys: [], jwks, jwksName: 'set' } }), world)
  const fallen: ((standing: Standing) => boolean)[] = []
  authorizer.onFallen = (hasFallen) => fallen.push(hasFallen)
  const asked = question(signed(world, { exp: world.wall / 1000 + 86_400 }))
  const before = await authorizer.decide(asked) as Verdict & { allow: true }
  t.ok(before.allow)
  text = document(keyPair('ES256'))
  world.pass(60_000)
  await jwks.refresh()
  t.match(await authorizer.decide(asked), { code: 'bad-signature' }, 'what was remembered of it is forgotten')
  t.strictSame(fallen.map((hasFallen) => [hasFallen(before.standing), hasFallen({ ...before.standing, name: 'other' })]), [[true, false]])
})

test('what fails within refuses', async (t) => {
  const { world, authorizer } = scene(t, { jwt })
  const broken = { ...question(null), get topics(): never { throw new Error('broken') } }
  t.match(await authorizer.decide(broken), { allow: false, code: 'failed', status: 503 })
  t.match(world.warnings, [/^authorisation failed: broken$/])
})

test('no secret in a verdict or in the log', async (t) => {
  const server = await TestServer.start(t)
  const { world, authorizer } = scene(t, { tokens, jwt, webhook: { url: server.url(), timeoutMs: 5000, cacheMs: 0, headers: ['cookie'] } })
  const marked = ['s3cret-token', `${signed(world)}s3cret`, 's3cret bad', 's3cret'.repeat(3000)]
  const asked = marked.flatMap((each) => [
    question(each, { headers: { cookie: 's3cret' } }), questionWith({ query: `token=${encodeURIComponent(each)}` }), questionWith({ subprotocols: `bearer.${each}` }),
  ])
  for (const respond of [json({ allow: false }), json({ allow: 's3cret' }), json({}, 500), ((response) => response.end('s3cret')) as TestServer['respond']]) {
    server.respond = respond
    for (const each of asked) {
      world.pass(1000)
      t.notMatch(JSON.stringify(await authorizer.decide(each)), /s3cret/)
    }
  }
  t.notMatch(JSON.stringify(world.warnings), /s3cret/)
})
