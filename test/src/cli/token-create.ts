import { test } from 'tap'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { createToken, type CreateOptions } from '../../../src/cli/token-create.js'
import { verifyToken } from '../../../src/cli/token-verify.js'
import { tokenFiles } from '../../support/auth/token-files.js'

const what: Omit<CreateOptions, 'secretFile' | 'keyFile'> = {
  sub: 'alice', subscribe: ['prices/*', 'users/{sub}/**'], publish: ['out/{sub}'], api: ['read'], issuer: 'i', audience: ['a'], expiresIn: '10m',
}

test('what is made is accepted, and says what was asked for', async (t) => {
  const path = tokenFiles(t)
  const now = Date.now()
  for (const [alg, key] of [['HS256', { secretFile: path('jwt.secret') }], ['EdDSA', { keyFile: path('issuer.key'), kid: 'k1' }]] as const) {
    const token = await createToken({ ...key, ...what }, now)
    const seconds = Math.floor(now / 1000)
    t.strictSame(decodeProtectedHeader(token), alg === 'HS256' ? { alg, typ: 'JWT' } : { alg, typ: 'JWT', kid: 'k1' })
    t.strictSame(decodeJwt(token), {
      sub: 'alice', iss: 'i', aud: 'a', iat: seconds, exp: seconds + 600, api: ['read'], topics: { publish: ['out/{sub}'], subscribe: ['prices/*', 'users/{sub}/**'] },
    })
    t.match(await verifyToken(token, { config: path('broker.yaml') }, {}), {
      way: 'jwt', subject: 'alice', expires: new Date((seconds + 600) * 1000).toISOString(), grants: { publish: ['out/alice'], subscribe: ['prices/*', 'users/alice/**'], api: ['read'] },
    })
  }
})

test('each key signs with what it is for', async (t) => {
  const path = tokenFiles(t)
  const algOf = async (key: Partial<CreateOptions>) => decodeProtectedHeader(await createToken({ ...key, expiresIn: '1h' }, 0)).alg
  t.equal(await algOf({ keyFile: path('rsa.key') }), 'RS256')
  t.equal(await algOf({ keyFile: path('rsa.key'), alg: 'PS512' }), 'PS512')
  t.equal(await algOf({ keyFile: path('ec.key') }), 'ES384')
  t.equal(await algOf({ keyFile: path('issuer.key') }), 'EdDSA')
  t.equal(await algOf({ secretFile: path('jwt.secret'), alg: 'HS512' }), 'HS512')
})

test('what was not asked for is not in it', async (t) => {
  const path = tokenFiles(t)
  const token = await createToken({ secretFile: path('jwt.secret'), expiresIn: 'never', audience: ['a', 'b'] }, 0)
  t.strictSame(decodeJwt(token), { aud: ['a', 'b'], iat: 0 })
  t.match(await verifyToken(token, { config: path('broker.yaml') }, {}), { subject: null, expires: null })
})

test('wrong use', async (t) => {
  const path = tokenFiles(t)
  const secretFile = path('jwt.secret')
  for (const [options, message] of [
    [{}, /^there must be exactly one of --secret-file, --key-file$/],
    [{ secretFile, keyFile: path('issuer.key') }, /^there must be exactly one of/],
    [{ secretFile, publish: ['a**'] }, /^--publish must have at most one \* in a level, or \*\* as the last level, got: "?a\*\*"?$/],
    [{ secretFile, subscribe: Array(101).fill('a') }, /^--subscribe must be at most 100 patterns, got: 101$/],
    [{ secretFile, api: ['root'] }, /^--api must be some of read, publish, admin, got: root$/],
    [{ secretFile, expiresIn: 'soon' }, /^--expires-in must be 1s to ten years, or never, got: soon$/],
    [{ secretFile, expiresIn: '1ms' }, /^--expires-in must be 1s/],
    [{ secretFile, sub: '' }, /^--sub must be 1..256 characters, got: 0$/],
    [{ secretFile, alg: 'none' }, /^--alg must be one of HS256, .*, got: none$/],
    [{ secretFile, alg: 'ES256' }, /^--secret-file must be a private key \(--key-file\) for ES256, got: a secret$/],
    [{ secretFile: path('short') }, /^--secret-file must hold at least 32 bytes for HS256, got: 5$/],
    [{ secretFile: path('none') }, /^--secret-file must name a readable file .*ENOENT/],
    [{ secretFile: path('rsa.key') }, /^--secret-file must hold a secret for HS256, got: a PEM file$/],
    [{ keyFile: path('issuer.pem') }, /^--key-file must name a PEM file with a private key that has no passphrase, got: /],
    [{ keyFile: path('issuer.key'), alg: 'RS256' }, /^--key-file must hold an RSA key of at least 2048 bits, got: ed25519$/],
    [{ keyFile: path('issuer.key'), alg: 'HS256' }, /^--key-file must be a secret \(--secret-file\) for HS256, got: a private key$/],
  ] as const) await t.rejects(createToken({ expiresIn: '1h', ...options }, 0), { name: 'UsageError', message })
})
