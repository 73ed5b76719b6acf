/** What servers and clients of the benchmark show each other: one certificate for all servers, one token for all clients. Both are of this machine. */

import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { binFolder } from './paths.js'

export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
}

/** ECDSA on P-256, as most certificates are today. */
export const certificate: Certificate = { certFile: join(binFolder, 'tls.pem'), keyFile: join(binFolder, 'tls.key') }

/** Makes the certificate where there is none; why it cannot be made, or null. */
export function missingCertificate(): string | null {
  const { certFile, keyFile } = certificate
  if (existsSync(certFile) && existsSync(keyFile)) return null
  mkdirSync(binFolder, { recursive: true })
  const { status } = spawnSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile, '-out', certFile,
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-days', '3650',
  ], { stdio: ['ignore', 'ignore', 'ignore'] })
  return status === 0 ? null : 'openssl cannot make a certificate (Debian: apt-get install openssl)'
}

const secret = 'of the benchmark, which listens on loopback only'

/** The file of the key of `token`. */
export function secretFile(): string {
  mkdirSync(binFolder, { recursive: true })
  const file = join(binFolder, 'token.secret')
  writeFileSync(file, secret, { mode: 0o600 })
  return file
}

/** A JSON Web Token (HS256, RFC 7519) that may do everything for a day. */
export function token(): string {
  const now = Math.floor(Date.now() / 1000)
  const claims = { sub: 'bench', exp: now + 24 * 3600, topics: { publish: ['**'], subscribe: ['**'] } }
  const signed = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}
