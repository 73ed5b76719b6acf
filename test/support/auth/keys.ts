/** Keys that tests sign with. */

import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { publicKey, type VerifyingKey } from '../../../src/auth/jwt/keys.js'
import type { JwtAlgorithm } from '../../../src/config/sections/auth.js'

export interface Pair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const curves = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const

export function keyPair(alg: JwtAlgorithm): Pair {
  if (alg === 'ES256' || alg === 'ES384' || alg === 'ES512') return generateKeyPairSync('ec', { namedCurve: curves[alg] })
  return alg === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('rsa', { modulusLength: 2048 })
}

export function pemOf({ publicKey: key }: Pair): string {
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

export function verifyingKey(alg: JwtAlgorithm, pair: Pair, kid: string | null = null): Promise<VerifyingKey> {
  return publicKey(alg, pemOf(pair), kid)
}

/** A certificate of an EC key on P-256; its private key was thrown away. */
export const certificatePem = `-----BEGIN CERTIFICATE-----
MIIBiTCCAS+gAwIBAgIUNp4w3oqqrFurV2KzQ567lS9Bc1UwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOaXNzdWVyLmV4YW1wbGUwIBcNMjYxMTI3MDAxNjM5WhgPMjEy
NjExMDMwMDE2MzlaMBkxFzAVBgNVBAMMDmlzc3Vlci5leGFtcGxlMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEDvpMVYPe5fSBAg9R2jZcE1LbnGqMQ9i6LxsZxTIx
cebsBNr3WbLTapFXIERKtSZAlqZVztLx9kB0QJZDxZUEJ6NTMFEwHQYDVR0OBBYE
FFGa6Tfihv7SEPueKpWH0bskf+LwMB8GA1UdIwQYMBaAFFGa6Tfihv7SEPueKpWH
0bskf+LwMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgD89iHJmr
znMmMnM2juoipecbku56jlI6bomMwsF7ao0CIQCY4EFcbKPpIMPVZqpUYOtC7/2g
/wnotmUtg21LRg2leA==
-----END CERTIFICATE-----
`
