/** The broker's events as log lines, repeated ones limited. */

import type { Logger } from 'pino'
import type { Broker } from '../broker.js'
import { RepeatLimiter } from '../log/repeat-limiter.js'

/** Logs the broker's events from now on. @returns a function that logs what is suppressed so far. */
export function logEvents(broker: Broker, logger: Logger): () => void {
  const limiter = new RepeatLimiter((name, suppressed) => {
    logger.warn({ event: name, suppressed }, `${name}: suppressed ${suppressed} more`)
  })

  broker.on('warning', ({ name, message }) => {
    if (limiter.pass(name)) logger.warn({ event: name }, message)
  })

  broker.on('slow', ({ peer, topic, policy, bytesBehind, ageMs, skipped }) => {
    if (!limiter.pass('slow')) return
    const details = { event: 'slow', peer, topic, policy, bytesBehind, ageMs, skipped }
    logger.warn(details, `slow consumer ${peer}: ${bytesBehind} bytes and ${ageMs} ms behind`)
  })

  // Every connection as a line is for finding faults, not for running: the engine is asked for these events only then.
  if (logger.isLevelEnabled('debug')) {
    broker.on('connection', ({ type, id, ...details }) => logger.debug({ event: type, id: String(id), ...details }, 'connected'))
    broker.on('disconnect', ({ type, id, ...details }) => logger.debug({ event: type, id: String(id), ...details }, 'disconnected'))
  }

  return () => limiter.flush()
}
