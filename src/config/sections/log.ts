/** What `broker start` writes. */

import { oneOf, section } from '../fields.js'

export const log = section({
  level: oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent').default('info'),
  /** auto: pretty on a terminal, JSON otherwise. */
  format: oneOf('auto', 'pretty', 'json').default('auto'),
})
