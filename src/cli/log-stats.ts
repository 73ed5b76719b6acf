/** What the broker counts and what it did last, on request: fields for machines, and in the line itself, which is all that a terminal shows. */

import type { Logger } from 'pino'
import type { Broker } from '../broker.js'
import { printable } from '../log/printable.js'

const topicsMax = 20

/** Counters that are 0 are left out of the text. */
export function logStats(broker: Broker, logger: Logger): void {
  const stats = broker.stats()
  const counters = Object.entries(stats).filter(([, value]) => value !== 0).map(([name, value]) => `${name} ${value}`)
  logger.info({ event: 'stats', stats }, `stats: ${counters.join(', ')}`)
  for (const counts of broker.topicStats(topicsMax)) {
    const { topic, subscribers, published, skipped } = counts
    const skips = Object.entries(skipped).filter(([, value]) => value !== 0).map(([policy, value]) => `, ${policy} skipped ${value}`)
    logger.info({ event: 'topic-stats', ...counts }, `topic ${printable(topic)}: subscribers ${subscribers}, published ${published}${skips.join('')}`)
  }
  for (const [shard, events] of broker.port.engine.flightRecords().entries()) {
    logger.info({ event: 'flight-record', shard, events }, [`shard ${shard} did last:`, ...events].join('\n  '))
  }
}
