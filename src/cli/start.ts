/** `broker start`: runs the broker until a signal ends it. */

import { Option, type Command } from 'commander'
import type { Broker } from '../broker.js'
import { loadConfig, type LoadedConfig } from '../config/load.js'
import { assignmentEntry, flagEntry, foreignVariables, type Entry } from '../config/sources.js'
import { parsePusherApp } from '../config/parse.js'
import { createBroker } from '../create-broker.js'
import { ConfigError } from '../errors.js'
import { createLogger, type Log } from '../log/logger.js'
import { drainOnSignals } from './drain-on-signals.js'
import { setErrorFormat } from './exit.js'
import { logHarmlessSignals } from './harmless-signals.js'
import { logEvents } from './log-events.js'
import { logStart } from './log-start.js'
import { logStats } from './log-stats.js'
import { logMadeApp, randomApp } from './pusher-app.js'

type Flags = Readonly<Record<string, string | string[] | undefined>>

/** Flags that stand for configuration keys: [flag and placeholder, help, keys]. */
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

/** Errors that only show on this machine get the source of the value they complain about. */
function withSource(error: unknown, sourceOf: LoadedConfig['sourceOf']): unknown {
  if (!(error instanceof ConfigError)) return error
  return new ConfigError(error.issues.map((issue) => ({ ...issue, source: issue.source ?? sourceOf(issue.path) })))
}

async function run(command: Command): Promise<void> {
  const { config: file, pusher } = command.opts<{ config?: string, pusher?: boolean }>()
  const { config, warnings, sourceOf } = loadConfig({ file: file ?? null, env: process.env, flags: flagEntries(command) })
  const madeApp = pusher === true && config.pusher.apps.length === 0 ? randomApp() : null
  if (madeApp !== null) config.pusher.apps.push(parsePusherApp(madeApp))
  const { log, ...options } = config
  if (log.format === 'json') setErrorFormat('json')
  const { logger, lost }: Log = createLogger(log)
  for (const name of foreignVariables(process.env)) logger.warn({ event: 'hint' }, `${name} is no variable of the broker: it has no effect`)
  for (const warning of warnings) logger.warn({ event: 'hint' }, warning)
  logHarmlessSignals(logger) // before anything is bound: an ssh session may close at any time
  const broker: Broker = await createBroker(options).catch((error: unknown) => {
    throw withSource(error, sourceOf)
  })
  broker.port.count('log_lines_lost', 'log lines that found no room while the log could not be written', lost)
  const flush = logEvents(broker, logger)
  drainOnSignals(broker, logger, flush)
  process.on('SIGUSR2', () => logStats(broker, logger))
  logStart(broker, logger)
  if (madeApp !== null) logMadeApp(broker, madeApp, logger)
}

export function addStartCommand(program: Command): void {
  const command = program
    .command('start')
    .description('Run the broker until SIGTERM or SIGINT; then it closes all connections and exits with 0.')
    .option('-c, --config <file>', 'configuration file, JSON or YAML (also: BROKER_CONFIG)')
  for (const [flag, help] of flags) command.option(flag, help)
  command
    .option('--pusher', 'speak the Pusher protocol; without configured apps, one is made up and its keys are shown')
    .option('--set <key=value...>', 'set any configuration key, such as limits.messageBytesMax=128KiB')
    .addHelpText('after', `
SIGUSR2 logs all counters, the 20 topics that skipped most, and what each shard did last. SIGHUP changes nothing: the configuration is read at the start only.
Every key can also be set in the environment: limits.messageBytesMax is BROKER_LIMITS_MESSAGE_BYTES_MAX.
Flags win over the environment, the environment over the file, the file over defaults.

Examples:
  $ broker start
  $ broker start --host 0.0.0.0 --publish-port 9001 --subscribe-port 9002
  $ broker start --config broker.yaml --log-format json
  $ broker start --pusher
  $ broker start --set grpc=null api=null
  $ broker start --responder 8080 unix:/run/broker.sock --profile latency
  $ broker start --slow-policy drop-oldest --set limits.messageBytesMax=1MiB`)
    .action((_options: unknown, self: Command) => run(self))
}
