/** A broker that speaks TLS on every listener, inside the test's process, with an issuer of its own. */

import { readFileSync } from 'node:fs'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { Broker, BrokerOptions } from '../../../src/index.js'
import type { ProtocolName } from '../../../src/native/binding.js'
import { TestIssuer, type CertificatePair } from '../../support/tls/certificates.js'
import { embedGrpc } from './grpc-broker.js'
import { soon } from './eventually.js'

interface Test {
  teardown(task: () => unknown): void
  testdir(): string
}

type TlsInput = NonNullable<BrokerOptions['tls']>

export interface TlsBroker {
  readonly broker: Broker
  readonly issuer: TestIssuer
  readonly pair: CertificatePair
  readonly ca: Buffer
  /** `wss://127.0.0.1:PORT`, without a path. */
  readonly publishUrl: string
  readonly subscribeUrl: string
  portOf(protocol: ProtocolName): number
  stat(name: string): number
}

/** `tls`: what the section has beside the pair, given the issuer. */
export async function embedTls(t: Test, tls: (issuer: TestIssuer) => Partial<TlsInput> = () => ({}), options: BrokerOptions = {}): Promise<TlsBroker> {
  const issuer = new TestIssuer(t.testdir())
  const pair = issuer.issueLocal('server')
  const hosts = ['127.0.0.1']
  const { broker, stat } = await embedGrpc(t, { api: { hosts, port: 0 }, ...options, tls: { ...pair, ...tls(issuer) } })
  const portOf = (protocol: ProtocolName) => broker.listeners.find((each) => each.protocol === protocol)?.port ?? 0
  return {
    broker, issuer, pair, ca: readFileSync(issuer.caFile), stat, portOf,
    publishUrl: `wss://127.0.0.1:${portOf('websocket-publish')}`,
    subscribeUrl: `wss://127.0.0.1:${portOf('websocket-subscribe')}`,
  }
}

/** A handshake; rejects where it fails. `socket` is still open. */
export function handshake(t: Test, port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ...options })
  t.teardown(() => socket.destroy())
  return soon('a handshake of TLS', new Promise((resolve, reject) => {
    socket.once('secureConnect', () => resolve(socket))
    socket.once('error', reject)
  }))
}
