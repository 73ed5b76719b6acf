/** What the API answers and takes, as schemas: the document at `/openapi.json` is made of them, and tests hold real answers to that. */

import { z } from 'zod'
import { itemsMax } from '../batch-route.js'

const count = z.int().min(0)

export const topicStats = z.object({
  topic: z.string(), subscribers: count, published: count,
  skipped: z.record(z.string(), count).describe('Publications skipped for slow consumers, by policy.'),
})

/** RFC 9457. */
export const problemDetails = z.object({ type: z.string(), title: z.string(), status: z.int(), detail: z.string() })

const published = z.object({ topic: z.string(), offset: count.describe("The publication's place in its topic, from 0.") })
const refused = z.object({ topic: z.string().nullable(), status: z.int(), detail: z.string() })

export const schemas = {
  Problem: problemDetails,
  TopicStats: topicStats,
  TopicList: z.object({
    topics: z.array(topicStats), next: z.string().nullable().optional().describe('With sort=name: `after` of the next page; null: there is none.'),
  }),
  Published: published,
  Batch: z.object({
    messages: z.array(z.union([
      z.object({ topic: z.string(), data: z.unknown().describe('A text as it is; any other value as JSON.') }),
      z.object({ topic: z.string(), base64: z.string().describe('Bytes.') }),
    ])).min(1).max(itemsMax),
  }),
  BatchResult: z.object({ published: count, failed: count, results: z.array(z.union([published, refused])).describe('One for each message, in their order.') }),
  Status: z.object({ status: z.string() }),
  Map: z.object({ service: z.string(), routes: z.record(z.string(), z.string()), documentation: z.string() }),
  Any: z.looseObject({}),
} as const

export type SchemaName = keyof typeof schemas
