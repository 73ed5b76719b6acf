/** From options to a running broker. */

import { ApiExtension } from './api-extension.js'
import { assertProtected } from './api/start-api.js'
import { AuthExtension } from './auth-extension.js'
import { Broker, type StartEngine } from './broker.js'
import { parseOptions } from './config/parse.js'
import { tlsPlaces } from './config/tls-checks.js'
import type { BrokerConfig, BrokerOptions } from './config/schema.js'
import { formatEndpoint } from './endpoint.js'
import { resolveEngineOptions } from './engine/engine-options.js'
import { ConfigError, StartError } from './errors.js'
import { resolveAddresses } from './engine/hosts.js'
import { thisMachine } from './machine/machine.js'
import { memoryShares } from './machine/memory-shares.js'
import { listenError } from './listen-error.js'
import type { EngineOptions, NativeAddon } from './native/binding.js'
import { loadAddon } from './native/load.js'
import { shareOpenFiles } from './engine/open-files.js'
import { PusherExtension } from './pusher-extension.js'

/** A failed bind, or a thread that the system refuses, in words; any other error as it is. */
function explain(error: unknown, listeners: EngineOptions['listeners']): unknown {
  const { code, address, port } = error as { code?: unknown; address?: unknown; port?: unknown }
  if (code === 'EAGAIN' && address === undefined) {
    return new StartError('the system refuses a thread for a shard; raise the limit of processes (ulimit -u) or lower shards', { cause: error })
  }
  if (typeof code !== 'string' || typeof address !== 'string' || typeof port !== 'number') return error
  const wanted = listeners.find((each) => formatEndpoint(each.address, each.port) === formatEndpoint(address, port))
  return listenError(code, { address, port }, wanted?.protocol ?? null, error)
}

/** What nobody is held to must not be taken for a lock. */
function assertEnforced(config: BrokerConfig): void {
  const paths = tlsPlaces(config).map(({ path }) => path.join('.'))
  if (paths.length === 0) return
  throw new ConfigError(paths.map((path) => ({ path, problem: 'must be null: no listener enforces it yet', got: 'a section', source: null })))
}

function starter(addon: NativeAddon, options: EngineOptions): StartEngine {
  return (onEvents) => {
    try {
      return addon.createEngine(options, onEvents)
    } catch (error) {
      throw explain(error, options.listeners)
    }
  }
}

/** As createBroker, on an addon at hand: the seam for tests. */
export async function createBrokerWith(addon: NativeAddon, options: BrokerOptions = {}): Promise<Broker> {
  const config = parseOptions(options)
  assertEnforced(config)
  const machine = thisMachine(addon)
  const engineOptions = await resolveEngineOptions(config, machine)
  const apiAddresses = config.api === null ? [] : await resolveAddresses('api', config.api, machine.resolve)
  if (config.api !== null) assertProtected(config.api, apiAddresses, config.auth !== null) // before anything is bound
  const { shards, listeners } = engineOptions
  const { connectionsMax: connectionsMost } = memoryShares(machine.memoryBytes)
  const files = shareOpenFiles(config, machine.openFilesMax, { shards, listeners: listeners.length, connectionsMost })
  const pusher = config.pusher.apps.length === 0 ? null : await PusherExtension.create(config.pusher, { connectionsMax: files.pusherHttpConnectionsMax, keepAliveMs: config.timeouts.keepAliveMs }, engineOptions)
  const auth = await AuthExtension.create(config)
  let broker: Broker | null = null
  try {
    broker = new Broker(engineOptions, config.timeouts.drainMs, starter(addon, engineOptions))
    if (pusher !== null) broker.attach(pusher.attach(broker.port))
    if (auth !== null) broker.attach(auth.attach(broker.port))
    if (config.api !== null) {
      const api = { ...config.api, connectionsMax: files.apiConnectionsMax, keepAliveMs: config.timeouts.keepAliveMs }
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
