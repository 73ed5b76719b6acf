/** What `broker start` says of listeners that others reach: once, and so that nobody misses it. */

import type { Logger } from 'pino'
import type { Broker } from '../broker.js'
import type { BrokerConfig } from '../config/schema.js'
import { exposureWarning, plainWarning } from '../engine/exposure.js'
import { isSecure } from './urls.js'

export function logExposure(broker: Broker, config: BrokerConfig, logger: Logger): void {
  const listeners = broker.listeners.map((each) => ({ ...each, tls: isSecure(broker, each) ? 0 : null }))
  const warning = exposureWarning(config, listeners)
  if (warning !== null) {
    const line = '!'.repeat(78)
    logger.warn({ event: 'exposed' }, [line, warning, line].join('\n'))
  }
  const plain = plainWarning(config, listeners)
  if (plain !== null) logger.warn({ event: 'hint' }, plain)
}
