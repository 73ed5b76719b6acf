/** `broker start`: runs the broker until a signal ends it. */

import type { Command } from 'commander'
import type { Logger } from 'pino'
import { reloadAuth } from '../auth-extension.js'
import type { Broker } from '../broker.js'
import type { LoadedConfig } from '../config/load.js'
import { parsePusherApp } from '../config/parse.js'
import type { Config } from '../config/schema.js'
import { foreignVariables } from '../config/sources.js'
import { tlsListeners, tlsOf } from '../config/tls-checks.js'
import { createBroker } from '../create-broker.js'
import { ConfigError } from '../errors.js'
import { createLogger, type Log } from '../log/logger.js'
import { reloadTls } from '../tls-extension.js'
import { addConfigFlags, loadConfigOf } from './config-flags.js'
import { drainOnSignals } from './drain-on-signals.js'
import { setErrorFormat } from './exit.js'
import { logHarmlessSignals } from './harmless-signals.js'
import { logEvents } from './log-events.js'
import { logExposure } from './log-exposure.js'
import { logStart } from './log-start.js'
import { logStats } from './log-stats.js'
import { logMadeApp, randomApp } from './pusher-app.js'
import { Reloader, type ReloadRow } from './reload.js'
import { notifySystemd } from './systemd.js'

/** Errors that only show on this machine get the source of the value they complain about. */
function withSource(error: unknown, sourceOf: LoadedConfig['sourceOf']): unknown {
  if (!(error instanceof ConfigError)) return error
  return new ConfigError(error.issues.map((issue) => ({ ...issue, source: issue.source ?? sourceOf(issue.path) })))
}

const tlsKeys = ['tls', ...tlsListeners.map((listener) => `${listener}.tls`)]

function hasTls(config: Config): boolean {
  return tlsListeners.some((listener) => config[listener] !== null && tlsOf(config, listener) !== null)
}

/** What SIGHUP may change; a row each. `started`: the broker, once it runs. */
function reloadable(logger: Logger, started: () => Promise<Broker>): ReloadRow[] {
  return [
    { keys: ['log.level'], apply: ({ log: { level } }) => void (logger.level = level) },
    { keys: tlsKeys, hasFiles: hasTls, apply: async (config) => reloadTls(await started(), config) },
    { keys: ['auth'], hasFiles: ({ auth }) => auth !== null, apply: async (config) => reloadAuth((await started()).port, config) },
  ]
}

async function run(command: Command): Promise<void> {
  const { pusher } = command.opts<{ pusher?: boolean }>()
  const { config, warnings, sourceOf } = loadConfigOf(command)
  const { log, ...options } = config
  if (log.format === 'json') setErrorFormat('json')
  const { logger, lost }: Log = createLogger(log)
  for (const name of foreignVariables(process.env)) logger.warn({ event: 'hint' }, `${name} is no variable of the broker: it has no effect`)
  for (const warning of warnings) logger.warn({ event: 'hint' }, warning)
  let starting: Promise<Broker> | null = null
  const started = () => starting ?? Promise.reject(new Error('the broker has not begun'))
  const reloader = new Reloader(config, reloadable(logger, started), () => loadConfigOf(command).config, logger)
  process.on('SIGHUP', () => void reloader.reload()) // before anything is bound: an ssh session may close at any time
  logHarmlessSignals(logger)
  const madeApp = pusher === true && config.pusher.apps.length === 0 ? randomApp() : null
  if (madeApp !== null) config.pusher.apps.push(parsePusherApp(madeApp)) // of this run: no reload looks for it
  starting = createBroker(options)
  const broker = await starting.catch((error: unknown) => {
    throw withSource(error, sourceOf)
  })
  broker.port.count('log_lines_lost', 'log lines that found no room while the log could not be written', lost)
  const flush = logEvents(broker, logger)
  drainOnSignals(broker, logger, flush)
  process.on('SIGUSR2', () => logStats(broker, logger))
  logStart(broker, logger)
  logExposure(broker, config, logger)
  notifySystemd(broker, logger)
  if (madeApp !== null) logMadeApp(broker, madeApp, logger)
}

export function addStartCommand(program: Command): void {
  const command = program
    .command('start')
    .description('Run the broker until SIGTERM or SIGINT; then it closes all connections and exits with 0.')
  addConfigFlags(command)
    .option('--pusher', 'speak the Pusher protocol; without configured apps, one is made up and its keys are shown')
    .addHelpText('after', `
SIGUSR2 logs all counters, the 20 topics that skipped most, and what each shard did last. SIGHUP reads the configuration and its files
again: log.level, auth and the tls sections change at once, every other key that differs is named and needs a restart.
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
