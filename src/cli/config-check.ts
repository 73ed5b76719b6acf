/** `broker config check`: whether a broker would start with a configuration, and what an operator should mind about it. */

import type { Command } from 'commander'
import { loadSettings } from '../auth/load-settings.js'
import { systemWorld } from '../auth/world.js'
import type { LoadedConfig } from '../config/load.js'
import { tlsListeners, tlsOf } from '../config/tls-checks.js'
import type { BrokerConfig } from '../config/schema.js'
import { prepareBroker, type PreparedBroker } from '../create-broker.js'
import { formatEndpoint } from '../endpoint.js'
import { exposureWarning, plainWarning } from '../engine/exposure.js'
import { ConfigError } from '../errors.js'
import { loadAddon } from '../native/load.js'
import { addConfigFlags, loadConfigOf } from './config-flags.js'

const dayMs = 86_400_000
/** As TlsKeeper warns. */
const soonMs = 14 * dayMs

interface CheckOptions {
  readonly json?: true
}

/** Certificates are to say who comes, and nobody asks for them. */
function unaskedCertificates(config: BrokerConfig): string[] {
  if ((config.auth?.certificates ?? []).length === 0) return []
  const isAsked = tlsListeners.some((listener) => config[listener] && (tlsOf(config, listener)?.tls.clientCert ?? 'none') !== 'none')
  return isAsked ? [] : ['auth.certificates lets nobody in: no listener asks for a certificate (tls.clientCert)']
}

function aboutTls({ tls }: PreparedBroker, now: number): string[] {
  return tls.sources.flatMap(({ loaded: { warnings, expiry: { at, file } } }) => {
    const ends = at > now && at - now < soonMs ? [`the certificate in ${file} (or one behind it) ends in ${Math.floor((at - now) / dayMs)} days`] : []
    return [...warnings, ...ends]
  })
}

/** What to mind, a line each. */
export function configWarnings({ config, warnings }: LoadedConfig, prepared: PreparedBroker, now = Date.now()): string[] {
  const { listeners } = prepared.engineOptions
  const loud = [exposureWarning(config, listeners), plainWarning(config, listeners)].filter((warning) => warning !== null)
  return [...loud, ...warnings, ...aboutTls(prepared, now), ...unaskedCertificates(config)]
}

/**
 * Reads the secrets and keys of `auth`; its servers are not asked.
 * @returns what to mind about them.
 * @throws {ConfigError} a file that cannot be read, or is not what it must be.
 */
async function checkAuth(config: BrokerConfig): Promise<string[]> {
  const { auth } = config
  if (auth === null) return []
  const found: string[] = []
  const world = systemWorld((message) => found.push(message))
  try {
    await loadSettings({ ...config, auth: { ...auth, jwt: auth.jwt === null ? null : { ...auth.jwt, jwksUrl: undefined } } }, world, null)
  } finally {
    world.http.close()
  }
  return found
}

/** `0.0.0.0:8001 (websocket-publish, TLS)`. */
function places({ engineOptions: { listeners }, apiAddresses }: PreparedBroker): string[] {
  const engine = listeners.map(({ protocol, address, port, tls }) => `${formatEndpoint(address, port)} (${protocol}${tls === null ? '' : ', TLS'})`)
  const isEngines = listeners.some(({ protocol }) => protocol === 'http')
  return [...engine, ...isEngines ? [] : apiAddresses.map(({ address, port }) => `${formatEndpoint(address, port)} (http)`)]
}

async function run(options: CheckOptions, command: Command): Promise<void> {
  const loaded = loadConfigOf(command)
  const { log: _, ...config } = loaded.config
  const located = (error: unknown) => {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(error.issues.map((issue) => ({ ...issue, source: issue.source ?? loaded.sourceOf(issue.path) })))
  }
  const prepared = await prepareBroker(loadAddon(), config).catch(located)
  const aboutAuth = await checkAuth(config).catch(located)
  const warnings = [...configWarnings(loaded, prepared), ...aboutAuth]
  const listens = places(prepared)
  if (options.json) return console.log(JSON.stringify({ ok: true, warnings, listeners: listens }))
  for (const warning of warnings) process.stderr.write(`broker: warning: ${warning}\n`)
  console.log(`the configuration is sound: it listens on ${listens.join(', ') || 'nothing'}`)
}

export function addConfigCheck(parent: Command): void {
  const command = parent
    .command('check')
    .description('Say whether a broker would start with this configuration, and what to mind about it. Nothing is bound.')
  addConfigFlags(command)
    .option('--json', 'print {"ok", "warnings", "listeners"}')
    .addHelpText('after', `
It takes the flags of broker start, and reads the same file, variables, certificates and keys. Exit code 0: it would start, warnings or not;
2: it would not, with a line for each reason.

Examples:
  $ broker config check --config broker.yaml
  $ broker config check --host 0.0.0.0`)
    .action(run)
}
