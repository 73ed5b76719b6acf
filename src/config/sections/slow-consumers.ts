/** When a subscriber is slow, and what happens to it then. */

import type { z } from 'zod'
import { bytes, duration, oneOf, section, topicPattern } from '../fields.js'
import { GiB, KiB, hourMs } from '../units.js'

export const slowPolicy = oneOf('disconnect', 'drop-oldest', 'latest')

export const slowConsumerRule = section({
  /** The first rule whose pattern matches a topic counts. */
  topics: topicPattern(),
  policy: slowPolicy.default('disconnect'),
  /** Bytes of unsent log at which a subscriber is slow. Default: 16 MiB; more where messageBytesMax needs it. */
  bytesBehindMax: bytes(4 * KiB, 64 * GiB).optional(),
  /** Age of the oldest unsent publication at which a subscriber is slow. */
  ageMaxMs: duration(10, hourMs).default(10_000),
})

export type SlowRule = z.output<typeof slowConsumerRule>

/** The default rule for topics that no configured rule matches, but for its policy. */
export const defaultSlowRule: SlowRule = slowConsumerRule.parse({ topics: '*' })
