/**
 * The same tests over TLS: where OVER_TLS is set, brokers of `embed` and `startBroker` speak TLS on every listener, and clients of this process trust them. Any
 * test may be run so by itself (`OVER_TLS=1 npx tap test/integration/order.ts`); tls-matrix.ts runs those that it names.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { TestIssuer, type CertificatePair } from './tls/certificates.js'

export interface OverTls {
  readonly pair: CertificatePair
  readonly ca: Buffer
}

/** Every client of this process that names no issuers of its own trusts this one, too, as NODE_EXTRA_CA_CERTS would have it at the start. */
export function trust(ca: Buffer): void {
  const create = tls.createSecureContext
  tls.createSecureContext = (options) => {
    const made = create(options)
    const { context } = made as { context: { addCACert(pem: Buffer): void } }
    if (options?.ca === undefined) context.addCACert(ca)
    return made
  }
}

function make(): OverTls {
  const folder = mkdtempSync(join(tmpdir(), 'over-tls-'))
  const issuer = new TestIssuer(folder)
  const { certFile, keyFile } = issuer.issueLocal('server')
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const ca = readFileSync(issuer.caFile)
  trust(ca)
  return { pair: { certFile, keyFile }, ca }
}

let made: OverTls | null = null

/** Null: this process tests without. */
export function overTls(): OverTls | null {
  if (process.env['OVER_TLS'] === undefined) return null
  made ??= make()
  return made
}

/** `ws` or `wss`, `http` or `https`. */
export function scheme<Name extends 'ws' | 'http'>(name: Name): Name | `${Name}s` {
  return overTls() === null ? name : `${name}s`
}

/** A socket to a listener. */
export function connectSocket(options: TcpNetConnectOpts): Socket {
  return overTls() === null ? connect(options) : tls.connect({ ...options, servername: 'localhost' })
}
