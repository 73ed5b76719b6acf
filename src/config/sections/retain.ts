/** Last messages of topics. */

import { bytes, count, listOf, section, topicPattern } from '../fields.js'
import { GiB, KiB } from '../units.js'

export const retain = section({
  /** Whose last message is kept. Default: all topics where a responder answers with it, else none. */
  topics: listOf(topicPattern(), 'topic patterns').nullable().default(null),
  /** Topics with a last message; those published to longest ago go first. At most half of limits.topicsMax counts. */
  topicsMax: count(1, 10_000_000).default(10_000),
  /** All last messages together. Default: by memory, at most 64 MiB; more where messageBytesMax needs it. */
  bytesMax: bytes(1 * KiB, 64 * GiB).optional(),
})
