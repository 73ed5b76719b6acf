/**
 * TLS: certificates and keys, and who must show one. At the top it is for every listener on TCP; in a listener's section it is that
 * listener's instead, and `tls: null` there turns it off. Files are read when the broker starts, and again when they change (src/tls/).
 */

import { z } from 'zod'
import { oneOf, section, text } from '../fields.js'

/** Names of one certificate, and certificates of one section, at most. */
const serverNamesMax = 100
const namesMax = 100

/** A PEM text, such as a variable holds one. */
const pemCharactersMax = 65_536

function file() {
  return text(4096)
}

const certificate = {
  /** PEM: the server's certificate, then those that lead to its root. */
  certFile: file(),
  /** PEM: its key. One of both. */
  keyFile: file().optional(),
  keyPem: text(pemCharactersMax).optional(),
  /** What the key is encrypted with; absent where it is not. At most one of both. */
  passphraseFile: file().optional(),
  passphrase: text(1024).optional(),
}

/** `shop.example`, or `*.shop.example` for each name one level below it; in small letters. */
function serverName() {
  const message = 'must be a host name of at most 253 characters, where the first label may be *'
  const label = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?'
  const form = new RegExp(`^(\\*\\.)?${label}(\\.${label})*$`)
  return z.string(message).transform((name) => name.toLowerCase().replace(/\.$/, '')).refine((name) => {
    return form.test(name) && name.length <= 253 && !/^[\d.]+$/.test(name) // an address is never asked for by name (RFC 6066 §3)
  }, message)
}

const serverNamesMessage = `must be a list of 1..${serverNamesMax} host names`

const named = section({
  /** Which names it is for, that clients ask for (SNI). */
  serverNames: z.array(serverName(), serverNamesMessage).min(1, serverNamesMessage).max(serverNamesMax, serverNamesMessage),
  ...certificate,
})

/** A version: YAML takes 1.2 for a number. */
function version() {
  const message = 'must be one of 1.2, 1.3'
  return z.custom<number | string>((value) => typeof value === 'number' || typeof value === 'string', message)
    .transform(String).pipe(z.enum(['1.2', '1.3'], message))
}

const namesMessage = `must be a list of at most ${namesMax} certificates`

export const tls = section({
  ...certificate,
  /** PEM: who signs the certificates of clients. */
  clientCaFile: file().optional(),
  /** Whether clients are asked for a certificate: not, asked, or refused without one. Who shows one that clientCaFile has not signed is refused. */
  clientCert: oneOf('none', 'request', 'require').default('none'),
  minVersion: version().default('1.2'),
  /** Other certificates, by the names that clients ask for; who asks for another name, or none, gets the one above. */
  names: z.array(named, namesMessage).max(namesMax, namesMessage).default([]),
})

/** Of a listener. Absent: as at the top; null: plain. */
export function listenerTls() {
  return tls.nullable().optional()
}

export type TlsConfig = z.output<typeof tls>
/** Where a certificate and its key are. */
export type CertificateConfig = Pick<TlsConfig, keyof typeof certificate>
