/** Files for `broker token`: keys, secrets, and a configuration that names them. */

import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Test {
  testdir(content: Record<string, string>): string
}

export const feedToken = 'the-token-of-the-feed'

/** The path of each file by its name; `broker.yaml` accepts what `jwt.secret` and `issuer.key` sign, and feedToken. */
export function tokenFiles(t: Test): (name: string) => string {
  const ed = generateKeyPairSync('ed25519')
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const pem = ({ privateKey }: { privateKey: typeof ed.privateKey }) => privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const dir = t.testdir({
    'jwt.secret': `${randomBytes(32).toString('hex')}\n`, 'feed.secret': `${feedToken}\n`, short: 'short', 'issuer.key': pem(ed), 'rsa.key': pem(rsa), 'ec.key': pem(ec),
    'issuer.pem': ed.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  })
  const path = (name: string) => join(dir, name)
  writeFileSync(path('broker.yaml'), `
auth:
  jwt: { keys: [{ alg: HS256, secretFile: '${path('jwt.secret')}' }, { alg: EdDSA, publicKeyFile: '${path('issuer.pem')}' }], requireExpiry: false }
  tokens: [{ name: feed, secretFile: '${path('feed.secret')}', publish: ['prices/*'] }]
`)
  return path
}
