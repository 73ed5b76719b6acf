/** From options to a running broker. */

import { ApiExtension } from './api-extension.js'
import { assertProtected } from './api/start-api.js'
import { AuthExtension } from './auth-extension.js'
import { Broker, type StartEngine } from './broker.js'
import { parseOptions } from './config/parse.js'
import type { BrokerConfig, BrokerOptions } from './config/schema.js'
import { formatEndpoint } from './endpoint.js'
import { resolveEngineOptions } from './engine/engine-options.js'
import { StartError } from './errors.js'
import { resolveAddresses } from './engine/hosts.js'
import type { HttpAddress } from './http/contract.js'
import { thisMachine } from './machine/machine.js'
import { memoryShares } from './machine/memory-shares.js'
import { listenError } from './listen-error.js'
import type { EngineOptions, NativeAddon } from './native/binding.js'
import { loadAddon } from './native/load.js'
import { shareOpenFiles } from './engine/open-files.js'
import { PusherExtension } from './pusher-extension.js'
import { explainTlsError } from './tls/explain.js'
import { planTls, type TlsPlan } from './tls/plan.js'
import { TlsExtension } from './tls-extension.js'

/** A failed bind, or a thread that the system refuses, in words; any other error as it is. */
function explain(error: unknown, listeners: EngineOptions['listeners'], { sources }: TlsPlan): unknown {
  const { code, address, port } = error as { code?: unknown; address?: unknown; port?: unknown }
  if (code === 'EAGAIN' && address === undefined) {
    return new StartError('the system refuses a thread for a shard; raise the limit of processes (ulimit -u) or lower shards', { cause: error })
  }
  if (typeof code !== 'string' || typeof address !== 'string' || typeof port !== 'number') return explainTlsError(error, sources)
  const wanted = listeners.find((each) => formatEndpoint(each.address, each.port) === formatEndpoint(address, port))
  return listenError(code, { address, port }, wanted?.protocol ?? null, error)
}

function starter(addon: NativeAddon, options: EngineOptions, tls: TlsPlan): StartEngine {
  return (onEvents) => {
    try {
      return addon.createEngine(options, onEvents)
    } catch (error) {
      throw explain(error, options.listeners, tls)
    }
  }
}

/** What a broker of a configuration would run with, looked at as far as it can be without binding anything. */
export interface PreparedBroker {
  readonly engineOptions: EngineOptions
  readonly tls: TlsPlan
  readonly apiAddresses: readonly HttpAddress[]
}

/** @throws {ConfigError} whatever would keep a broker from starting, but for what it is to listen on. @throws {StartError} TLS where there is none. */
export async function prepareBroker(addon: NativeAddon, config: BrokerConfig): Promise<PreparedBroker> {
  const tls = planTls(config)
  if (tls.sources.length > 0 && (addon.checkTls as unknown) === undefined) throw new StartError('the engine that is loaded is too old for TLS: build it again')
  for (const [index, { loaded: { options } }] of tls.sources.entries()) {
    try {
      addon.checkTls(options)
    } catch (error) {
      throw explainTlsError(Object.assign(error as Error, { tls: index }), tls.sources)
    }
  }
  const machine = thisMachine(addon)
  const engineOptions = await resolveEngineOptions(config, machine, tls)
  const apiAddresses = config.api === null ? [] : await resolveAddresses('api', config.api, machine.resolve)
  if (config.api !== null) assertProtected(config.api, apiAddresses, config.auth !== null)
  return { engineOptions, tls, apiAddresses }
}

/** As createBroker, on an addon at hand: the seam for tests. */
export async function createBrokerWith(addon: NativeAddon, options: BrokerOptions = {}): Promise<Broker> {
  const config = parseOptions(options)
  const { engineOptions, tls, apiAddresses } = await prepareBroker(addon, config)
  const machine = thisMachine(addon)
  const { tls: _keys, ...shown } = engineOptions
  const { shards, listeners } = engineOptions
  const { connectionsMax: connectionsMost } = memoryShares(machine.memoryBytes)
  const files = shareOpenFiles(config, machine.openFilesMax, { shards, listeners: listeners.length, connectionsMost })
  const { keepAliveMs } = config.timeouts
  const http = { connectionsMax: files.pusherHttpConnectionsMax, keepAliveMs }
  const pusher = config.pusher.apps.length === 0 ? null : await PusherExtension.create(config.pusher, http, engineOptions)
  const auth = await AuthExtension.create(config)
  let broker: Broker | null = null
  try {
    broker = new Broker(shown, config.timeouts.drainMs, starter(addon, engineOptions, tls))
    if (tls.sources.length > 0) broker.attach(new TlsExtension(tls, broker.port))
    if (pusher !== null) broker.attach(pusher.attach(broker.port))
    if (auth !== null) broker.attach(auth.attach(broker.port))
    if (config.api !== null) {
      const api = { ...config.api, connectionsMax: files.apiConnectionsMax, keepAliveMs }
      broker.attach(await ApiExtension.start(api, apiAddresses, broker, auth))
    }
    return broker
  } catch (error) {
    broker?.stop()
    await auth?.close()
    throw error
  }
}

/**
 * Starts a broker inside this process. It listens when the promise resolves, and keeps the process alive until it is
 * closed.
 * @throws {ConfigError} an unknown option, or a value of the wrong type or out of range; nothing was started.
 * @throws {ListenError} an address or port that cannot be bound; nothing runs.
 * @throws {StartError} a thread that the system refuses; nothing runs.
 * @throws {AddonLoadError} no engine for this system, or not Linux.
 */
export async function createBroker(options: BrokerOptions = {}): Promise<Broker> {
  return createBrokerWith(loadAddon(), options)
}
