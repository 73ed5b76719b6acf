/** Rules between the keys of `tls`, at the top and in listeners; one row each, as cross-checks.ts. */

import type { CrossIssue } from './cross-checks.js'
import type { BrokerConfig } from './schema.js'
import type { CertificateConfig, TlsConfig } from './sections/tls.js'

type Path = CrossIssue['path']
type Check = (tls: TlsConfig, path: Path) => CrossIssue[]

/** Sections of what listens. */
export const tlsListeners = ['publish', 'subscribe', 'api', 'pusher', 'grpc', 'responder'] as const
export type TlsListener = (typeof tlsListeners)[number]

/** The section that holds for a listener; null: it is plain. `path`: where it stands. */
export interface TlsPlace {
  readonly path: Path
  readonly tls: TlsConfig
}

/** What holds for a listener that is on. */
export function tlsOf(config: BrokerConfig, listener: TlsListener): TlsPlace | null {
  const own = config[listener]?.tls
  if (own !== undefined) return own === null ? null : { path: [listener, 'tls'], tls: own }
  return config.tls === null ? null : { path: ['tls'], tls: config.tls }
}

/** Each `tls` that is written, whether a listener uses it or not. */
export function tlsPlaces(config: BrokerConfig): TlsPlace[] {
  const places = tlsListeners.flatMap((listener) => {
    const own = config[listener]?.tls
    return own === undefined || own === null ? [] : [{ path: [listener, 'tls'], tls: own }]
  })
  return config.tls === null ? places : [{ path: ['tls'], tls: config.tls }, ...places]
}

function hasOneKey(path: Path, { keyFile, keyPem, passphrase, passphraseFile }: CertificateConfig): CrossIssue[] {
  const keys = Object.entries({ keyFile, keyPem }).filter(([, value]) => value !== undefined).map(([key]) => key)
  const issues: CrossIssue[] = keys.length === 1 ? [] : [{ path, problem: 'must have exactly one of keyFile, keyPem', value: keys }]
  if (passphrase === undefined || passphraseFile === undefined) return issues
  return [...issues, { path, problem: 'must have at most one of passphraseFile, passphrase', value: 'both' }]
}

const keysAreThere: Check = (tls, path) => [
  ...hasOneKey(path, tls), ...tls.names.flatMap((named, at) => hasOneKey([...path, 'names', at], named)),
]

const clientsHaveIssuer: Check = ({ clientCert, clientCaFile }, path) => {
  const isAsked = clientCert !== 'none'
  if (isAsked && clientCaFile === undefined) {
    return [{ path: [...path, 'clientCaFile'], problem: `must be set where clientCert is ${clientCert}`, value: undefined }]
  }
  if (isAsked || clientCaFile === undefined) return []
  return [{ path: [...path, 'clientCert'], problem: 'must be request or require where clientCaFile is set', value: clientCert }]
}

const namesDiffer: Check = ({ names }, path) => {
  const all = names.flatMap(({ serverNames }, at) => serverNames.map((name, index) => ({ name, path: [...path, 'names', at, 'serverNames', index] })))
  return all.filter(({ name }, at) => all.findIndex((other) => other.name === name) !== at)
    .map(({ name, path: where }) => ({ path: where, problem: 'must be used once only', value: name }))
}

const checks: readonly Check[] = [keysAreThere, clientsHaveIssuer, namesDiffer]

/** uWebSockets.js takes connections by itself. */
function apiHasNode(config: BrokerConfig): CrossIssue[] {
  if (config.api?.server !== 'uws' || tlsOf(config, 'api') === null) return []
  return [{ path: ['api', 'server'], problem: 'must be auto or node where the API speaks TLS', value: 'uws' }]
}

/** Every contradiction in what is said of TLS. */
export function tlsIssues(config: BrokerConfig): CrossIssue[] {
  return [...tlsPlaces(config).flatMap(({ tls, path }) => checks.flatMap((check) => check(tls, path))), ...apiHasNode(config)]
}
