/** The flags that stand for configuration keys: those of `broker start`, and of every command that looks at a configuration as it would. */

import { Option, type Command } from 'commander'
import { loadConfig, type LoadedConfig } from '../config/load.js'
import { assignmentEntry, flagEntry, type Entry } from '../config/sources.js'

type Flags = Readonly<Record<string, string | string[] | undefined>>

/** [flag and placeholder, help, keys]. */
const flags: readonly (readonly [flag: string, help: string, ...keys: string[]])[] = [
  ['--publish-port <port>', 'port for publishers, 0 picks a free one (default: 8001)', 'publish.port'],
  ['--subscribe-port <port>', 'port for subscribers, 0 picks a free one (default: 8002)', 'subscribe.port'],
  ['--api-port <port>', 'port of the HTTP API, 0 picks a free one (default: 8000)', 'api.port'],
  ['--pusher-port <port>', 'port of the Pusher protocol, 0 picks a free one (default: 6001)', 'pusher.port'],
  ['--grpc-port <port>', 'port of gRPC, 0 picks a free one (default: 50051)', 'grpc.port'],
  ['--responder <where...>', 'answer requests on raw streams: a port, tcp://<host>:<port> or unix:/<path>', 'responder.listen'],
  ['--host <address...>', 'addresses to listen on (default: 127.0.0.1 and ::1)', 'publish.hosts', 'subscribe.hosts', 'pusher.hosts', 'grpc.hosts'],
  ['--shards <count>', 'event-loop threads (default: CPUs less one)', 'shards'],
  ['--io <backend>', 'epoll, uring or auto (default: auto, io_uring where the system allows it)', 'io'],
  ['--profile <profile>', 'default or latency: spin before sleep, shards on CPUs of their own (default: default)', 'profile'],
  ['--slow-policy <policy>', 'disconnect, drop-oldest or latest (default: disconnect)', 'slowPolicy'],
  ['--drain-ms <duration>', 'time for closing all connections at the end (default: 5s)', 'timeouts.drainMs'],
  ['--log-level <level>', 'trace, debug, info, warn, error or silent (default: info)', 'log.level'],
  ['--log-format <format>', 'pretty, json or auto (default: auto, pretty on a terminal)', 'log.format'],
]

/** The configuration entries of the given flags; `--set` comes first, so that a flag of its own wins. */
function flagEntries(command: Command): Entry[] {
  const given = command.opts<Flags>()
  const assignments = [given['set'] ?? []].flat().map(assignmentEntry)
  const named = flags.flatMap(([flag, , ...keys]) => {
    const option = new Option(flag)
    const value = given[option.attributeName()]
    // Where to listen says nothing about what: a flag for several sections switches none of them on.
    const unlessOff = keys.length > 1
    return value === undefined ? [] : keys.map((key) => ({ ...flagEntry(key, value, option.long ?? flag), unlessOff }))
  })
  return [...assignments, ...named]
}

/** Adds `--config`, the flags of keys, and `--set`. */
export function addConfigFlags(command: Command): Command {
  command.option('-c, --config <file>', 'configuration file, JSON or YAML (also: BROKER_CONFIG)')
  for (const [flag, help] of flags) command.option(flag, help)
  return command.option('--set <key=value...>', 'set any configuration key, such as limits.messageBytesMax=128KiB')
}

/** The configuration of a command with those flags, and of this environment. @throws {ConfigError} as loadConfig. */
export function loadConfigOf(command: Command): LoadedConfig {
  const { config: file } = command.opts<{ config?: string }>()
  return loadConfig({ file: file ?? null, env: process.env, flags: flagEntries(command) })
}
