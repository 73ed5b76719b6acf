/** From a validated configuration and this machine to the engine's options: every default that depends on the machine. */

import { defaultGrpc, defaultSlowRule, type BrokerConfig } from './config/schema.js'
import { ConfigError } from './errors.js'
import { resolveListeners, type Resolve } from './hosts.js'
import type { EngineOptions, SlowConsumerRule } from './native/binding.js'

export interface Machine {
  /** The limit of open files, after raising it. */
  readonly openFilesMax: number
  /** CPUs this process may use. */
  readonly cores: number
  /** Whether the system lets this process use io_uring. */
  readonly uring: boolean
  readonly resolve: Resolve
}

const shardsMax = 64
const connectionsCeiling = 10_000_000

/** Log segments that may be files (LogMemory::mappings_max). */
const logFilesMax = 64

/** File descriptors that are not connections: Node's own, listeners, logs, and a few for each shard (epoll, wake-up, io_uring). */
function reservedFiles(shards: number): number {
  return logFilesMax + Math.max(64, 32 + 4 * shards)
}

function resolveConnections(explicit: number | undefined, openFilesMax: number, shards: number): number {
  const reserve = reservedFiles(shards)
  const most = openFilesMax - reserve
  if (explicit === undefined && most >= 1) return Math.min(most, connectionsCeiling)
  if (explicit !== undefined && explicit <= most) return explicit
  const problem = most >= 1
    ? `must be 1..${most} (${openFilesMax} open files less ${reserve} in reserve)`
    : `needs a limit of open files above ${reserve}, which is ${openFilesMax} now`
  throw new ConfigError([{ path: 'limits.connectionsMax', problem, got: explicit === undefined ? 'nothing' : String(explicit), source: null }])
}

function resolveIo(io: BrokerConfig['io'], uring: boolean): EngineOptions['io'] {
  if (io === 'auto') return uring ? 'uring' : 'epoll'
  if (io === 'epoll' || uring) return io
  throw new ConfigError([{ path: 'io', problem: 'must be auto or epoll (this system does not allow io_uring)', got: io, source: null }])
}

function resolveSlowConsumers({ slowConsumers, slowPolicy }: BrokerConfig): SlowConsumerRule[] {
  if (slowConsumers.at(-1)?.topics === '*') return slowConsumers
  return [...slowConsumers, { ...defaultSlowRule, policy: slowPolicy ?? defaultSlowRule.policy }]
}

/**
 * The engine's options, with nothing left open.
 * @throws {ConfigError} a host that does not resolve, more connections than the limit of open files allows, or io_uring where the
 *   system does not allow it.
 */
export async function resolveEngineOptions(config: BrokerConfig, machine: Machine): Promise<EngineOptions> {
  const shards = config.shards ?? Math.min(Math.max(machine.cores - 1, 1), shardsMax)
  const connectionsMax = resolveConnections(config.limits.connectionsMax, machine.openFilesMax, shards)
  const { drainMs: _, ...timeouts } = config.timeouts
  const { hosts: _hosts, port: _port, ...grpc } = config.grpc ?? defaultGrpc
  return {
    listeners: [
      ...await resolveListeners('websocket-publish', 'publish', config.publish, machine.resolve),
      ...await resolveListeners('websocket-subscribe', 'subscribe', config.subscribe, machine.resolve),
      ...config.pusher.apps.length === 0 ? [] : await resolveListeners('pusher', 'pusher', config.pusher, machine.resolve),
      ...config.grpc === null ? [] : await resolveListeners('grpc', 'grpc', config.grpc, machine.resolve),
    ],
    shards,
    reusePort: config.reusePort,
    io: resolveIo(config.io, machine.uring),
    limits: {
      ...config.limits,
      connectionsMax,
      connectionsPerAddressMax: Math.min(config.limits.connectionsPerAddressMax ?? connectionsMax, connectionsMax),
    },
    timeouts,
    sessions: { pingIntervalMs: config.pusher.activityTimeoutMs, pongMs: config.pusher.pongMs },
    grpc,
    slowConsumers: resolveSlowConsumers(config),
    cpus: config.cpus,
  }
}
