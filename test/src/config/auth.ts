import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { loadConfig } from '../../../src/config/load.js'
import { parseOptions } from '../../../src/config/parse.js'
import { ConfigError } from '../../../src/errors.js'

const token = { name: 'feed', secret: 'a-secret-of-the-feed' }
const key = { alg: 'ES256', publicKeyFile: '/run/key.pem' }
const pattern = 'must have at most one * in a level, or ** as the last level'
const characters = 'must be 16..1024 letters, digits or -._~+/, and = at its end only'

/** [what stands below auth, the whole message without `auth.`]. */
const refused: [unknown, string][] = [
  [{ tokens: [{ secret: token.secret }] }, 'tokens[0].name must be a text of 1..256 characters, got: nothing'],
  [{ tokens: [{ name: 'feed' }] }, 'tokens[0] must have exactly one of secret, secretFile, got: {"name":"feed"}'],
  [{ tokens: [{ ...token, secretFile: '/run/x' }] }, 'tokens[0] must have exactly one of secret, secretFile, got: {"name":"feed","secret":"(hidden)","secretFile":"/run/x"}'],
  [{ tokens: [{ ...token, secret: 'short-s3cret' }] }, `tokens[0].secret ${characters}, got: (hidden)`],
  [{ tokens: [{ ...token, secret: 's3cret with spaces in it' }] }, `tokens[0].secret ${characters}, got: (hidden)`],
  [{ tokens: [{ ...token, publish: ['a*b*'] }] }, `tokens[0].publish[0] ${pattern}, got: a*b*`],
  [{ tokens: [{ ...token, subscribe: ['**/a'] }] }, 'tokens[0].subscribe[0] must have ** as its last level only, got: **/a'],
  [{ tokens: [{ ...token, subscribe: 'a' }] }, 'tokens[0].subscribe must be a list of at most 100 patterns, got: a'],
  [{ tokens: [{ ...token, api: ['read'] }] }, 'tokens[0].api must be true or false, got: ["read"]'],
  [{ tokens: [token, { ...token, secret: 'another-s3cret-of-it' }] }, 'tokens[1].name must be used once only, got: feed'],
  [{ tokens: ['s3cret-in-the-wrong-place'] }, 'tokens[0] must be a section of keys, got: (hidden)'],
  [{ tokens: 's3cret-in-the-wrong-place' }, 'tokens must be a list of tokens, got: (hidden)'],
  [{ tokens: { ...token, secret: 's3cret' } }, 'tokens must be a list of tokens, got: {"name":"feed","secret":"(hidden)"}'],
  [{ tokens: [{ ...token, grants: [] }] }, 'tokens[0].grants is not a known key, got: []'],
  [{ jwt: {} }, 'jwt must have keys, jwksUrl or jwksFile, got: {}'],
  [{ jwt: { keys: [{ ...key, alg: 'none' }] } }, 'jwt.keys[0].alg must be one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, got: none'],
  [{ jwt: { keys: [{ alg: 'ES256' }] } }, 'jwt.keys[0] must have exactly one of publicKeyFile, got: {"alg":"ES256"}'],
  [{ jwt: { keys: [{ alg: 'HS256' }] } }, 'jwt.keys[0] must have exactly one of secret, secretFile, got: {"alg":"HS256"}'],
  [{ jwt: { keys: [{ ...key, alg: 'HS256' }] } }, 'jwt.keys[0].publicKeyFile must be absent where alg is HS256, got: /run/key.pem'],
  [{ jwt: { keys: [{ ...key, secret: 's3cret' }] } }, 'jwt.keys[0] must have no secret where alg is ES256, got: {"alg":"ES256","publicKeyFile":"/run/key.pem","secret":"(hidden)"}'],
  [{ jwt: { jwksFile: '/a', jwksUrl: 'https://a.example/' } }, 'jwt must have at most one of jwksUrl, jwksFile, got: {"jwksFile":"/a","jwksUrl":"https://a.example/"}'],
  [{ jwt: { jwksUrl: 'http://a.example/keys' } }, 'jwt.jwksUrl must be an https URL, but on this machine, got: http://a.example/keys'],
  [{ jwt: { jwksUrl: 'http://localhost.evil.example/' } }, 'jwt.jwksUrl must be an https URL, but on this machine, got: http://localhost.evil.example/'],
  [{ jwt: { jwksUrl: 'ftp://a.example/' } }, 'jwt.jwksUrl must be an https URL, got: ftp://a.example/'],
  [{ jwt: { jwksUrl: 'https://u:p@a.example/' } }, 'jwt.jwksUrl must be an https URL, without a user, a password or a #, got: "https://(hidden)@a.example/"'],
  [{ jwt: { keys: [key], issuer: '' } }, 'jwt.issuer must be a text of 1..1024 characters, or a list of them, got: ""'],
  [{ jwt: { keys: [key], audience: [] } }, 'jwt.audience must be a text of 1..1024 characters, or a list of them, got: []'],
  [{ jwt: { keys: [key], clockToleranceMs: '6m' } }, 'jwt.clockToleranceMs must be 0..300000 ms, got: 6m'],
  [{ webhook: {} }, 'webhook.url must be an http or https URL, got: nothing'],
  [{ webhook: { url: 'unix:/run/x' } }, 'webhook.url must be an http or https URL, got: unix:/run/x'],
  [{ webhook: { url: 'http://a/', timeoutMs: 5 } }, 'webhook.timeoutMs must be 10..60000 ms, got: 5'],
  [{ webhook: { url: 'http://a/', headers: ['Cookie'] } }, 'webhook.headers[0] must be the name of a header in small letters, got: Cookie'],
  [{ certificates: [{ subject: 'a' }, { subject: 'a' }] }, 'certificates[1].subject must be used once only, got: a'],
  [{ anonymous: { subscribe: ['a', 'users/{sub}'] } }, 'anonymous.subscribe[1] must be without {sub}, got: "users/{sub}"'],
  [{ anonymous: { api: true } }, 'anonymous.api is not a known key (did you mean auth.anonymous.publish?), got: true'],
  [{ origins: ['shop.example'] }, 'origins[0] must be <scheme>://<host> and a port or none, or *, got: shop.example'],
  [{ origins: [] }, 'origins must be a list of origins, got: []'],
  [{ token: 's3cret' }, 'token is not a known key (did you mean auth.tokens?), got: (hidden)'],
]

test('what is refused, and how it is told', async (t) => {
  for (const [auth, message] of refused) {
    const error = t.throws(() => parseOptions({ auth }), ConfigError, message) as ConfigError
    t.equal(error.message, `auth.${message}`)
    t.notMatch(error.message, /s3cret/)
  }
})

test('listeners take ways that are there', async (t) => {
  const auth = { tokens: [token] }
  for (const [options, message] of [
    [{ publish: { auth: ['tokens'] } }, 'publish.auth must be absent where auth is not configured, got: ["tokens"]'],
    [{ auth, publish: { auth: ['jwt'] } }, 'publish.auth[0] must be one of those that auth has (tokens, anonymous), got: jwt'],
    [{ auth, grpc: { auth: ['tokens', 'webhook'] } }, 'grpc.auth[1] must be one of those that auth has (tokens, anonymous), got: webhook'],
    [{ auth, api: { auth: [] } }, 'api.auth must be a list of ways in, got: []'],
    [{ auth, subscribe: { auth: ['password'] } }, 'subscribe.auth[0] must be one of tokens, jwt, certificates, webhook, anonymous, got: password'],
  ] as const) t.throws(() => parseOptions(options), { message })
  t.match(parseOptions({ auth, publish: { auth: ['tokens', 'anonymous'] } }).publish, { auth: ['tokens', 'anonymous'] })
})

test('what is accepted, and its defaults', async (t) => {
  t.equal(parseOptions({}).auth, null)
  t.strictSame(parseOptions({ auth: {} }).auth, { jwt: null, tokens: [], webhook: null, certificates: [], anonymous: null, origins: null })
  t.match(parseOptions({
    auth: {
      jwt: { keys: [key, { alg: 'HS256', kid: 'old', secretFile: '/run/s' }], issuer: 'https://i', audience: ['a', 'b'], clockToleranceMs: '1s' },
      tokens: [{ ...token, publish: ['prices/*'] }], webhook: { url: 'https://auth.example/decide', cacheMs: '1m' },
      certificates: [{ subject: 'feed.internal', publish: ['**'] }], anonymous: { subscribe: ['public/**'] }, origins: ['https://Shop.example'],
    },
  }).auth, {
    jwt: { keys: [key, { kid: 'old' }], issuer: ['https://i'], audience: ['a', 'b'], clockToleranceMs: 1000, requireExpiry: true },
    tokens: [{ publish: ['prices/*'], subscribe: [], api: false }], webhook: { timeoutMs: 2000, cacheMs: 60_000, headers: [] },
    certificates: [{ publish: ['**'], subscribe: [] }], anonymous: { publish: [], subscribe: ['public/**'] }, origins: ['https://shop.example'],
  })
  for (const jwksUrl of ['https://a.example/jwks.json', 'http://localhost:8080/', 'http://127.0.0.1/', 'http://[::1]/']) t.ok(parseOptions({ auth: { jwt: { jwksUrl } } }))
})

test('the environment', async (t) => {
  const env = {
    BROKER_AUTH_TOKENS: '[{name: feed, secret: a-secret-of-the-feed, publish: ["prices/*"]}]', BROKER_AUTH_JWT_ISSUER: 'https://i', BROKER_AUTH_JWT_JWKS_URL: 'https://i/jwks',
    BROKER_AUTH_ORIGINS: 'https://a, https://b', BROKER_AUTH_ANONYMOUS_SUBSCRIBE: 'public/**', BROKER_PUBLISH_AUTH: 'tokens',
  }
  const { config } = loadConfig({ file: null, env, flags: [] })
  t.match(config.auth, { tokens: [{ name: 'feed' }], jwt: { issuer: ['https://i'] }, origins: ['https://a', 'https://b'], anonymous: { subscribe: ['public/**'] } })
  t.strictSame(config.publish?.auth, ['tokens'])
})

test('no secret of a file or a variable that cannot be read is told', async (t) => {
  const dir = t.testdir({
    'a.json': '{"auth": {"tokens": [{"secret": s3cret}]}}', 'b.json': '{"secret": "s3cret" "x"}', 'c.yaml': 'secret: *s3cret\n', 'd.yaml': 'secret: |s3cret\n x\n',
    'e.yaml': 'secret: @s3cret\n', 'f.yaml': 'secret: [s3cret\n', 'g.yaml': 'secret: s3cret: b\n', 'h.json': 's3cret',
  })
  for (const name of ['a.json', 'b.json', 'c.yaml', 'd.yaml', 'e.yaml', 'f.yaml', 'g.yaml', 'h.json']) {
    const error = t.throws(() => loadConfig({ file: join(dir, name), env: {}, flags: [] }), ConfigError) as Error
    t.match(error.message, /must be (JSON|YAML), got: ./)
    t.notMatch(error.message, /s3cret/, name)
  }
  for (const text of ['[{secret: s3cret', 's3cret', '{secret: s3cret}']) {
    const error = t.throws(() => loadConfig({ file: null, env: { BROKER_AUTH_TOKENS: text }, flags: [] }), ConfigError) as Error
    t.notMatch(error.message, /s3cret/, text)
  }
})

test('nor one of a variable whose name is nearly ours', async (t) => {
  t.throws(() => loadConfig({ file: null, env: { BROKER_AUTH_TOKEN: 's3cret' }, flags: [] }), {
    message: 'BROKER_AUTH_TOKEN is not a known variable (did you mean BROKER_AUTH_TOKENS?), got: (hidden)',
  })
  t.throws(() => loadConfig({ file: null, env: { BROKER_API_TOKENS: 's3cret' }, flags: [] }), { message: /got: \(hidden\)$/ })
})

test('a secret in a file that everybody may read', async (t) => {
  const file = join(t.testdir({}), 'broker.yaml')
  writeFileSync(file, 'auth: { tokens: [{ name: feed, secret: a-secret-of-the-feed }] }\n')
  chmodSync(file, 0o644)
  t.match(loadConfig({ file, env: {}, flags: [] }).warnings, [/holds a secret and everybody may read it/])
  chmodSync(file, 0o640)
  t.strictSame(loadConfig({ file, env: {}, flags: [] }).warnings, [])
  writeFileSync(file, 'auth: { tokens: [{ name: feed, secretFile: /run/feed }] }\n')
  chmodSync(file, 0o644)
  t.strictSame(loadConfig({ file, env: {}, flags: [] }).warnings, [])
})
