import { generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto'
import { test } from 'tap'
import { SignJWT, jwtVerify, type JWK } from 'jose'
import { jwkKey, publicKey, secretKey } from '../../../../src/auth/jwt/keys.js'
import { isSecretAlgorithm, jwtAlgorithms, type JwtAlgorithm } from '../../../../src/config/sections/auth.js'
import { writtenSecret } from '../../../../src/config/secrets.js'
import { certificatePem, keyPair, type Pair } from '../../../support/auth/keys.js'

const pairs = new Map<JwtAlgorithm, Pair>(jwtAlgorithms.filter((alg) => !isSecretAlgorithm(alg)).map((alg) => [alg, keyPair(alg)]))

function pem(key: KeyObject, type: 'spki' | 'pkcs1' = 'spki'): string {
  return key.export({ type, format: 'pem' } as { type: 'spki', format: 'pem' }).toString()
}

function jwkOf(alg: JwtAlgorithm): JWK {
  return (pairs.get(alg) as Pair).publicKey.export({ format: 'jwk' }) as JWK
}

test('public keys, each for its algorithm', async (t) => {
  for (const [alg, pair] of pairs) {
    const key = await publicKey(alg, pem(pair.publicKey), 'k1')
    t.match(key, { alg, kid: 'k1' })
    const token = await new SignJWT({ sub: 'u1' }).setProtectedHeader({ alg }).sign(pair.privateKey)
    t.equal((await jwtVerify(token, key.key)).payload.sub, 'u1', alg)
    for (const other of pairs.keys()) {
      const sameKind = other.slice(0, 2) === alg.slice(0, 2) && /^[RP]S/.test(alg) || (/^[RP]S/.test(alg) && /^[RP]S/.test(other))
      if (!sameKind && other !== alg) await t.rejects(publicKey(other, pem(pair.publicKey), null), { message: /^must hold an? (RSA|EC|Ed25519) key.*, got: / })
    }
  }
})

test('ids are the same for the same key, and differ otherwise', async (t) => {
  const text = pem((pairs.get('RS256') as Pair).publicKey)
  const { id } = await publicKey('RS256', text, null)
  t.equal((await publicKey('RS256', text, null)).id, id)
  t.not((await publicKey('RS384', text, null)).id, id)
  t.not((await publicKey('RS256', text, 'k')).id, id)
  t.not((await publicKey('RS256', pem(keyPair('RS256').publicKey), null)).id, id)
  t.equal((await jwkKey({ ...jwkOf('RS256'), alg: 'RS256' }))?.id, id, 'wherever it comes from')
})

test('forms of PEM files', async (t) => {
  const rsa = pairs.get('RS256') as Pair
  t.ok(await publicKey('RS256', pem(rsa.publicKey, 'pkcs1'), null))
  t.equal(new X509Certificate(certificatePem).publicKey.asymmetricKeyType, 'ec')
  t.ok(await publicKey('ES256', certificatePem, null))
  const privatePem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await t.rejects(publicKey('RS256', privatePem, null), { message: 'must hold a public key, got: a private one' })
  for (const text of ['', 'nonsense', pem(rsa.publicKey).slice(0, 100)]) await t.rejects(publicKey('RS256', text, null), { message: /^must hold a public key or a certificate in PEM/ })
})

test('keys that are too weak', async (t) => {
  const { publicKey: weak } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  await t.rejects(publicKey('RS256', pem(weak), null), { message: 'must hold an RSA key of at least 2048 bits, got: rsa of 1024 bits' })
  t.equal(await jwkKey(weak.export({ format: 'jwk' }) as JWK), null)
})

test('secrets are as long as their hash', async (t) => {
  for (const [alg, least] of [['HS256', 32], ['HS384', 48], ['HS512', 64]] as const) {
    t.match(await secretKey(alg, writtenSecret('x'.repeat(least)), null), { alg, kid: null })
    const short = 'hunter2-'.repeat(10).slice(0, least - 1)
    await t.rejects(secretKey(alg, writtenSecret(short), null), { message: `must hold at least ${least} bytes for ${alg}, got: ${least - 1}` })
  }
  const text = pem((pairs.get('RS256') as Pair).publicKey)
  await t.rejects(secretKey('HS256', writtenSecret(text), null), { message: 'must hold a secret for HS256, got: a PEM file' })
})

test("a JWK's algorithm is its own", async (t) => {
  const rows: [Partial<JWK>, JwtAlgorithm, JwtAlgorithm | null][] = [
    [{}, 'ES256', 'ES256'], [{}, 'ES384', 'ES384'], [{}, 'ES512', 'ES512'], [{}, 'EdDSA', 'EdDSA'], [{}, 'RS256', 'RS256'],
    [{ alg: 'RS512' }, 'RS256', 'RS512'], [{ alg: 'PS256' }, 'RS256', 'PS256'], [{ alg: 'Ed25519' }, 'EdDSA', 'EdDSA'], [{ use: 'sig' }, 'ES256', 'ES256'],
    [{ key_ops: ['verify'] }, 'ES256', 'ES256'], [{ kid: 'k', x5u: 'http://evil.example/' }, 'ES256', 'ES256'],
    [{ alg: 'HS256' }, 'RS256', null], [{ alg: 'none' }, 'RS256', null], [{ alg: 'ES256' }, 'RS256', null], [{ alg: 'ES384' }, 'ES256', null], [{ alg: 'RS256' }, 'ES256', null],
    [{ alg: 'RSA-OAEP' }, 'RS256', null], [{ use: 'enc' }, 'ES256', null], [{ key_ops: ['sign'] }, 'ES256', null], [{ crv: 'P-384' }, 'ES256', null], [{ crv: 'secp256k1' }, 'ES256', null],
    [{ kty: 'oct', k: 'c2VjcmV0' }, 'RS256', null], [{ kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' }, 'RS256', null], [{ kty: 'EC' }, 'RS256', null], [{ x: 'AAAA' }, 'ES256', null],
  ]
  for (const [change, of, expected] of rows) t.equal((await jwkKey({ ...jwkOf(of), ...change }))?.alg ?? null, expected, `${of} ${JSON.stringify(change)}`)
})

test('of a JWK with a private part only the public one counts', async (t) => {
  const { privateKey } = pairs.get('ES256') as Pair
  const key = await jwkKey(privateKey.export({ format: 'jwk' }) as JWK)
  t.strictSame(key?.key.usages, ['verify'])
})
