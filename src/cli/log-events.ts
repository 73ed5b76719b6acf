/** The broker's events as log lines, repeated ones limited. */

import type { Logger } from 'pino'
import type { Broker } from '../broker.js'
import { printable } from '../log/printable.js'
import { RepeatLimiter } from '../log/repeat-limiter.js'

/** Warnings by their kind that tell of nothing wrong. */
const notices: ReadonlySet<string> = new Set(['tls-reloaded'])

/** Logs the broker's events from now on. @returns a function that logs what is suppressed so far. */
export function logEvents(broker: Broker, logger: Logger): () => void {
  const limiter = new RepeatLimiter((name, suppressed) => {
    logger.warn({ event: name, suppressed }, `${name}: suppressed ${suppressed} more`)
  })

  // What names a topic, and comes of how a client is set up: once a topic and minute.
  const perTopic = new RepeatLimiter(() => {}, { eventsMax: 1, windowMs: 60_000, namesMax: 1000 })

  broker.on('warning', ({ name, message }) => {
    const passes = name === 'message-ignored' ? perTopic.pass(message) : limiter.pass(name)
    if (passes) logger[notices.has(name) ? 'info' : 'warn']({ event: name }, message)
  })

  broker.on('slow', ({ peer, topic, policy, bytesBehind, ageMs, skipped }) => {
    if (!limiter.pass('slow')) return
    const details = { event: 'slow', peer, topic, policy, bytesBehind, ageMs, skipped }
    logger.warn(details, `slow consumer ${peer} of ${topic}: ${bytesBehind} bytes and ${ageMs} ms behind, ${policy} (${skipped} skipped)`)
  })

  // Every connection as a line is for finding faults, not for running: the engine is asked for these events only then.
  if (logger.isLevelEnabled('debug')) {
    broker.on('connection', ({ id, protocol, peer, topics }) => {
      const details = { event: 'connection', id: String(id), protocol, peer, topics }
      logger.debug(details, `${peer} connected (${protocol}: ${topics.join(', ')})`)
    })
    broker.on('disconnect', ({ id, protocol, peer, code, reason }) => {
      const details = { event: 'disconnect', id: String(id), protocol, peer, code, reason }
      logger.debug(details, `${peer} disconnected (${protocol}: ${code} ${printable(reason)})`)
    })
  }

  return () => limiter.flush()
}
