/** SIGTERM and SIGINT: the first one drains, the second one ends at once. */

import type { Logger } from 'pino'
import type { Broker } from '../broker.js'
import { exitCodes, reportError, signalExitCodes } from './exit.js'
import { sameKeyMs, startedByNpx, watchParent } from './npx.js'

type Signal = keyof typeof signalExitCodes

/**
 * Exit codes: 0 when drained, also when peers that did not answer had to be cut; 130 or 143 after a second SIGINT or SIGTERM.
 * `flush` runs before the process ends.
 */
export function drainOnSignals(broker: Broker, logger: Logger, flush: () => void): void {
  const underNpx = startedByNpx()
  let drainingSince: number | null = null

  function end(code: number): void {
    flush()
    process.exit(code)
  }

  async function drain(details: { readonly signal?: Signal }, cause: string): Promise<void> {
    drainingSince = performance.now()
    logger.info({ event: 'draining', ...details }, `${cause}: closing connections, a second signal ends at once`)
    const drained = await broker.close()
    if (drained) logger.info({ event: 'stopped' }, 'stopped')
    else logger.warn({ event: 'stopped' }, 'stopped; connections that did not answer within drainMs were cut')
    end(exitCodes.done)
  }

  function startDrain(details: { readonly signal?: Signal }, cause: string): void {
    drain(details, cause).catch((error: unknown) => {
      reportError(error)
      end(exitCodes.failed)
    })
  }

  function onSignal(signal: Signal): void {
    if (drainingSince === null) return startDrain({ signal }, signal)
    if (underNpx && performance.now() - drainingSince < sameKeyMs) return
    broker.stop()
    end(signalExitCodes[signal])
  }

  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  if (underNpx) {
    watchParent(() => {
      if (drainingSince === null) startDrain({}, 'npx has ended')
    })
  }
}
