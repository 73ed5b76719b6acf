/** From a `tls` section to what the engine is told: reads its files, and says what is wrong with them and what to mind. */

import { Issues } from '../config/issues.js'
import type { CertificateConfig, TlsConfig } from '../config/sections/tls.js'
import type { TlsOptions } from '../native/tls.js'
import { readCertificate, readCertificates, type Certificate } from './certificate.js'

export interface LoadedTls {
  readonly options: TlsOptions
  /** When the first of its certificates, or of their issuers, ends, and which file that is in; milliseconds since 1970. */
  readonly expiry: { readonly at: number, readonly file: string }
  /** What an operator should change, a line each. */
  readonly warnings: readonly string[]
}

/** Milliseconds since 1970. */
export type WallClock = () => number

/** Every file that a section names. */
export function filesOf({ certFile, keyFile, passphraseFile, clientCaFile, names }: TlsConfig): readonly string[] {
  const named = names.flatMap((each) => [each.certFile, each.keyFile, each.passphraseFile])
  return [...new Set([certFile, keyFile, passphraseFile, clientCaFile, ...named].filter((file) => file !== undefined))]
}

function date(ms: number): string {
  return new Date(ms).toISOString()
}

function aboutDates(file: string, { startsAt, expiresAt }: Certificate, now: number): string[] {
  if (now < startsAt) return [`${file} is not valid before ${date(startsAt)}: clients refuse it`]
  return now < expiresAt ? [] : [`${file} was valid until ${date(expiresAt)}: clients refuse it`]
}

function aboutNames(file: string, certificate: Certificate, serverNames: readonly string[]): string[] {
  const others = serverNames.filter((name) => !certificate.isFor(name))
  return others.length === 0 ? [] : [`${file} is not for ${others.join(', ')}, so clients that ask for that refuse it`]
}

function readClientCa(path: string, { clientCaFile }: TlsConfig, issues: Issues): string | null {
  if (clientCaFile === undefined) return null
  return issues.try(`${path}.clientCaFile`, () => readCertificates(clientCaFile).map(String).join(''))
}

/** One certificate of a section, with the names that pick it. */
interface Row {
  readonly path: string
  readonly config: CertificateConfig
  readonly serverNames: readonly string[]
}

function rowsOf(path: string, tls: TlsConfig): Row[] {
  const named = tls.names.map((config, at) => ({ path: `${path}.names[${at}]`, config, serverNames: config.serverNames }))
  return [{ path, config: tls, serverNames: [] }, ...named]
}

/**
 * Reads what the section at `path` names.
 * @throws {ConfigError} a file that cannot be read or is not what it must be; all of them are told.
 */
export function loadTls(path: string, tls: TlsConfig, now: WallClock = Date.now): LoadedTls {
  const issues = new Issues()
  const warnings: string[] = []
  const loaded = rowsOf(path, tls).flatMap(({ path: at, config, serverNames }) => {
    const certificate = readCertificate(config, { path: at, issues, warn: (message) => warnings.push(message) })
    if (certificate === null) return []
    warnings.push(...aboutDates(config.certFile, certificate, now()), ...aboutNames(config.certFile, certificate, serverNames))
    return [{ ...certificate, file: config.certFile, serverNames }]
  })
  const clientCa = readClientCa(path, tls, issues)
  issues.throwIfAny()
  const { clientCert, minVersion } = tls
  const certificates = loaded.map(({ serverNames, chain, key }) => ({ serverNames, chain, key, passphrase: null }))
  const first = loaded.reduce((least, each) => (each.expiresAt < least.expiresAt ? each : least))
  return { options: { certificates, clientCa, clientCert, minVersion }, expiry: { at: first.expiresAt, file: first.file }, warnings }
}
