/** `POST /publish`: up to 1000 publications in one request, each with a result of its own. */

import { z } from 'zod'
import { decodeContent } from '../http/content-encoding.js'
import type { HttpRequest, HttpResponse, Route } from '../http/contract.js'
import { json } from '../http/json.js'
import { problem } from '../http/problem.js'
import type { ApiDeps, ApiOptions } from './api.js'
import { publishOne } from './publishing.js'

export const itemsMax = 1000
/** Of a request, in JSON; a message over it alone is what `POST /topics/{topic}` is for. */
const batchBytesUsual = 4 * 2 ** 20

/** `data`: a text as it is, any other value as JSON; `base64`: bytes. */
export const publishItem = z.union([
  z.strictObject({ topic: z.string(), data: z.json() }),
  z.strictObject({ topic: z.string(), base64: z.base64() }),
], 'must be {"topic", "data"} or {"topic", "base64"}')

export const publishBatch = z.strictObject({ messages: z.array(z.unknown()).min(1).max(itemsMax) })

type Result = { readonly topic: string, readonly offset: number } | { readonly topic: string | null, readonly status: number, readonly detail: string }

function payloadOf(item: z.output<typeof publishItem>): string | Uint8Array {
  if ('base64' in item) return Buffer.from(item.base64, 'base64')
  return typeof item.data === 'string' ? item.data : JSON.stringify(item.data)
}

function topicOf(item: unknown): string | null {
  const { topic } = Object(item) as { topic?: unknown }
  return typeof topic === 'string' ? topic : null
}

function publish(deps: ApiDeps, options: ApiOptions, item: unknown, mayPublish: HttpRequest['mayPublish']): Result {
  const parsed = publishItem.safeParse(item)
  if (!parsed.success) return { topic: topicOf(item), status: 400, detail: 'an item must be {"topic", "data"} or {"topic", "base64"}, and nothing else' }
  const { topic } = parsed.data
  const published = publishOne(deps, options, topic, payloadOf(parsed.data), mayPublish)
  return typeof published === 'number' ? { topic, offset: published } : { topic, status: published.status, detail: published.detail }
}

function messagesIn(body: Buffer): readonly unknown[] | HttpResponse {
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch {
    return problem(400, 'the body must be JSON: {"messages": [{"topic", "data"}, …]}')
  }
  const parsed = publishBatch.safeParse(value)
  if (parsed.success) return parsed.data.messages
  const count = (Object(value) as { messages?: { length?: unknown } }).messages?.length
  return problem(400, `the body must be {"messages": […]} with 1..${itemsMax} items${typeof count === 'number' ? `, got: ${count}` : ''}`)
}

/** All of them are tried, in their order: what follows one that was refused is published all the same. */
function answer(deps: ApiDeps, options: ApiOptions, bytesMax: number, { headers, mayPublish, body: encoded }: HttpRequest): HttpResponse {
  const body = decodeContent(encoded, headers['content-encoding'], bytesMax)
  if ('status' in body) return body
  const messages = messagesIn(body)
  if ('status' in messages) return messages as HttpResponse
  const results = (messages as readonly unknown[]).map((item) => publish(deps, options, item, mayPublish))
  const failed = results.filter((result) => 'status' in result).length
  return json(200, { published: results.length - failed, failed, results })
}

export function batchRoutes(deps: ApiDeps, options: ApiOptions): readonly Route[] {
  const bodyBytesMax = Math.max(batchBytesUsual, deps.limits.messageBytesMax)
  return [{
    method: 'POST', path: '/publish', bodyBytesMax, access: 'token', about: `publishes up to ${itemsMax} messages, each with its own result`,
    handle: (request) => answer(deps, options, bodyBytesMax, request),
  }]
}
