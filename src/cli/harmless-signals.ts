/** Signals that others send out of habit and that must end nothing: `broker start` says that it has heard them. */

import type { Logger } from 'pino'

/** A closed terminal or ssh session and `systemctl reload` send SIGHUP; Node's own answer to SIGUSR1 is a debugger. */
const signals = {
  SIGHUP: 'the configuration is read at the start only, connections stay (SIGTERM ends the broker)',
  SIGUSR1: 'no debugger is opened (SIGUSR2 logs all counters)',
} as const

export function logHarmlessSignals(logger: Logger): void {
  for (const [signal, why] of Object.entries(signals)) {
    process.on(signal, () => logger.info({ event: 'signal-ignored', signal }, `${signal} changes nothing: ${why}`))
  }
}
