/**
 * What systemd is told (sd_notify(3)) when it started the process with Type=notify: ready, stopping, a line of status, and that the event
 * loops turn. Its socket is a datagram socket, which Node has none of: `systemd-notify`, which is there wherever systemd is, says it.
 */

import { spawn } from 'node:child_process'
import type { Logger } from 'pino'
import type { Broker } from '../broker.js'

type Environment = Readonly<Record<string, string | undefined>>

/** Runs `systemd-notify` with these words; `onFailed` is told why it could not. */
export type Notify = (words: readonly string[], onFailed: (why: string) => void) => void

/** A shard that was asked and has not turned for so long is stuck: then the watchdog is not fed, and systemd restarts the service. */
const turnMsMax = 5000

const runNotify: Notify = (words, onFailed) => {
  const child = spawn('systemd-notify', [`--pid=${process.pid}`, ...words], { stdio: 'ignore' })
  child.once('error', ({ message }) => onFailed(message))
  child.once('exit', (code) => {
    if (code !== 0) onFailed(`exit code ${code}`)
  })
  child.unref()
}

/** How often systemd wants to hear of this process, in milliseconds: half of what it waits for; null: never. */
export function watchdogMs({ WATCHDOG_USEC: usec, WATCHDOG_PID: pid }: Environment): number | null {
  const isOurs = pid === undefined || Number(pid) === process.pid
  return isOurs && usec !== undefined && /^\d+$/.test(usec) && Number(usec) > 0 ? Number(usec) / 2000 : null
}

/** Tells systemd what becomes of the broker; does nothing where it did not ask. */
export function notifySystemd(broker: Broker, logger: Logger, env: Environment = process.env, notify: Notify = runNotify): void {
  if (env['LISTEN_FDS'] !== undefined) {
    logger.warn({ event: 'hint' }, 'the sockets that systemd has opened (LISTEN_FDS) are not used: the broker opens its own; take the .socket unit away')
  }
  if (!env['NOTIFY_SOCKET']) return
  let told = false
  const say = (...words: readonly string[]) => notify(words, (why) => {
    if (!told) logger.warn({ event: 'systemd' }, `systemd is not told of the broker: systemd-notify failed (${why})`)
    told = true
  })
  say('--ready', `--status=ready: ${broker.listeners.length} listeners`)
  const everyMs = watchdogMs(env)
  const timer = everyMs === null ? undefined : setInterval(() => {
    if (broker.draining || broker.port.engine.status().turnAgesMs.every((ms) => ms < Math.max(turnMsMax, everyMs * 2))) say('WATCHDOG=1')
  }, everyMs).unref()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => say('--stopping', '--status=closing connections'))
  process.once('exit', () => clearInterval(timer))
}
