/** What `profile: latency` adds for the whole engine; without it these have no effect. */

import { count, section, toggle } from '../fields.js'

export const latency = section({
  /** How long a shard asks for work again before it sleeps, in µs. */
  spinUs: count(0, 1000, 'µs').default(50),
  /** SCHED_FIFO for the shards. */
  realTime: toggle().default(false),
  /** Keeps the process's memory from being swapped out. */
  lockMemory: toggle().default(false),
})
