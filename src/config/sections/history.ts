/** What topics keep of their publications, for subscribers that come back or come late. */

import type { z } from 'zod'
import { bytes, count, section, topicPattern } from '../fields.js'
import { GiB, KiB } from '../units.js'

export const historyRule = section({
  /** The first rule whose pattern matches a topic counts; a topic that none matches has no history. */
  topics: topicPattern(),
  /** The newest so many publications. */
  messages: count(1, 100_000).default(1000),
  /** What they take in memory, all together: payloads and names, and 44 bytes each. */
  bytes: bytes(1 * KiB, 64 * GiB).default(1024 * KiB),
  /** Older ones are dropped. */
  seconds: count(1, 1_000_000, 'seconds').default(300),
})

export type HistoryRule = z.output<typeof historyRule>
