/** From a validated configuration and this machine to the engine's options: every default that depends on the machine. */

import type { BrokerConfig } from '../config/schema.js'
import { defaultResponder } from '../config/sections/responder.js'
import type { TlsListener } from '../config/tls-checks.js'
import { parseStreamAddress } from '../config/stream-address.js'
import { reservedTopics } from '../config/pusher-topics.js'
import { formatEndpoint, isLoopback, isUnixAddress } from '../endpoint.js'
import { ConfigError } from '../errors.js'
import type { Machine } from '../machine/machine.js'
import { memoryShares } from '../machine/memory-shares.js'
import type { Resolve } from '../machine/resolve.js'
import type { EngineOptions, ListenerOptions, ProtocolName } from '../native/binding.js'
import { resolveClients } from './client-limits.js'
import { planTls, type TlsPlan } from '../tls/plan.js'
import { addressesOf, noPages, resolveListeners, webRulesOf, type UnaskedListener } from './hosts.js'
import { resolveGrpc, resolveHistory, resolveRetain, resolveSizes, resolveSlowConsumers } from './memory-defaults.js'
import { shareOpenFiles } from './open-files.js'
import { isAskedAbout } from './sections.js'

const shardsMax = 64
function resolveIo(io: BrokerConfig['io'], uring: Machine['uring']): EngineOptions['io'] {
  if (io === 'epoll') return io
  if (uring()) return 'uring'
  if (io === 'auto') return 'epoll'
  throw new ConfigError([{ path: 'io', problem: 'must be auto or epoll (this system does not allow io_uring)', got: io, source: null }])
}

type PlainKey = 'publish' | 'subscribe'

function plainListeners(protocol: ProtocolName, key: PlainKey, listener: BrokerConfig[PlainKey], resolve: Resolve, tls: TlsPlan): Promise<UnaskedListener[]> {
  const web = listener === null ? noPages : webRulesOf(listener)
  return resolveListeners(protocol, key, listener, resolve, { ...web, tls: tls.indexOf(key) })
}

/** Nobody is asked there who they are. */
function assertMeantForAll({ allowAnonymous }: NonNullable<BrokerConfig['responder']>, listeners: readonly UnaskedListener[]): void {
  const open = listeners.find(({ address }) => !isUnixAddress(address) && !isLoopback(address))
  if (allowAnonymous || open === undefined) return
  const problem = `must be true where responder.listen has an address that is not a loopback (${open.address}): it answers whoever reaches it`
  throw new ConfigError([{ path: 'responder.allowAnonymous', problem, got: 'false', source: null }])
}

/** One row an address, no address twice. @throws {ConfigError} an address that others reach, without a word that this is meant. */
async function responderListeners({ responder }: BrokerConfig, resolve: Resolve, tls: TlsPlan): Promise<UnaskedListener[]> {
  if (responder === null) return []
  const protocol = `responder-${responder.framing}` as const
  const common = { ...noPages, proxyProtocol: responder.proxyProtocol, socketMode: null }
  const lists = await Promise.all(responder.listen.map(async (text) => {
    const where = parseStreamAddress(text)
    if (where?.kind !== 'tcp') return [{ protocol, address: text, port: 0, optional: false, ...common, tls: null, socketMode: parseInt(responder.mode, 8) }]
    return (await addressesOf(where.host, 'responder.listen', resolve))
      .map((found) => ({ protocol, ...found, port: where.port, ...common, tls: tls.indexOf('responder') }))
  }))
  assertMeantForAll(responder, lists.flat())
  return [...new Map(lists.flat().map((each) => [formatEndpoint(each.address, each.port), each])).values()]
}

function resolveResponder({ responder }: BrokerConfig): EngineOptions['responder'] {
  const { reply, text, missing, idleMs } = responder ?? defaultResponder
  return { reply, text, missing, idleMs }
}

/** With the latency profile each shard gets a CPU of its own, where one is left for everything else: the last ones. */
function resolveCpus({ cpus, profile }: BrokerConfig, allowed: readonly number[], shards: number): readonly number[] | null {
  if (cpus !== null || profile !== 'latency' || allowed.length <= shards) return cpus
  return allowed.slice(-shards)
}

const unhurried: EngineOptions['latency'] = { spinUs: 0, realTime: false, lockMemory: false }

/**
 * The engine's options, with nothing left open.
 * @throws {ConfigError} a host that does not resolve, more connections than the limit of open files allows, or io_uring where the
 *   system does not allow it, or a file of `tls` that is not what it must be.
 */
export async function resolveEngineOptions(config: BrokerConfig, machine: Machine, tls: TlsPlan = planTls(config)): Promise<EngineOptions> {
  const shards = config.shards ?? Math.min(Math.max(machine.cores - 1, 1), shardsMax)
  const shares = memoryShares(machine.memoryBytes)
  const { drainMs: _, ...timeouts } = config.timeouts
  const traits = (key: TlsListener) => ({ ...noPages, tls: tls.indexOf(key) })
  const unasked: UnaskedListener[] = [
    ...await plainListeners('websocket-publish', 'publish', config.publish, machine.resolve, tls),
    ...await plainListeners('websocket-subscribe', 'subscribe', config.subscribe, machine.resolve, tls),
    ...await resolveListeners('pusher', 'pusher', config.pusher.apps.length === 0 ? null : config.pusher, machine.resolve, traits('pusher')),
    ...await resolveListeners('grpc', 'grpc', config.grpc, machine.resolve, traits('grpc')),
    ...await responderListeners(config, machine.resolve, tls),
    // Over TLS the engine takes the API's connections, and hands them over decrypted.
    ...await resolveListeners('http', 'api', tls.indexOf('api') === null ? null : config.api, machine.resolve, traits('api')),
  ]
  const listeners: ListenerOptions[] = unasked.map((each) => ({ ...each, asks: config.auth !== null && isAskedAbout(each.protocol) }))
  const { connectionsMax } = shareOpenFiles(config, machine.openFilesMax, { shards, listeners: listeners.length, connectionsMost: shares.connectionsMax })
  return {
    listeners,
    tls: tls.sources.map(({ loaded }) => loaded.options),
    shards,
    reusePort: config.reusePort,
    reservedTopics: reservedTopics(config.pusher),
    proxies: { trusted: config.trustedProxies, header: config.forwardedHeader },
    io: resolveIo(config.io, machine.uring),
    limits: {
      ...config.limits,
      ...resolveSizes(config, shares),
      connectionsMax,
      topicsPerConnectionMax: Math.min(config.limits.topicsPerConnectionMax, config.clients.connection.topicsMax ?? Infinity),
      connectionsPerAddressMax: Math.min(config.limits.connectionsPerAddressMax ?? connectionsMax, connectionsMax),
    },
    clients: resolveClients(config.clients),
    timeouts,
    sessions: { pingIntervalMs: config.pusher.activityTimeoutMs, pongMs: config.pusher.pongMs, drainCode: config.pusher.drainCode },
    grpc: resolveGrpc(config, shares),
    slowConsumers: resolveSlowConsumers(config),
    responder: resolveResponder(config),
    retain: resolveRetain(config, shares),
    history: resolveHistory(config, shares),
    latency: config.profile === 'latency' ? config.latency : unhurried,
    cpus: resolveCpus(config, machine.cpus, shards),
  }
}
