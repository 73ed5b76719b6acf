/** `/topics`: publishing, and who listens to what. */

import { isUtf8 } from 'node:buffer'
import { decodeContent } from '../http/content-encoding.js'
import type { HttpRequest, HttpResponse, Route } from '../http/contract.js'
import { json } from '../http/json.js'
import { problem } from '../http/problem.js'
import type { ApiDeps, ApiOptions } from './api.js'
import { answeringRefusals } from './broker-refusals.js'
import { topicMessages } from './history-routes.js'
import { publishOne } from './publishing.js'
import { listTopics } from './topic-list.js'

const gotMax = 100

/** Subscribers get text for these, binary for everything else. */
function isText(contentType: string): boolean {
  return /^\s*(text\/[^;]*|application\/json)\s*(;|$)/i.test(contentType)
}

/** What curl says of everything that it is not told the type of: it may be text. */
function mayBeText(contentType: string): boolean {
  return /^\s*application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType)
}

function publish(deps: ApiDeps, options: ApiOptions, { headers, body: encoded, mayPublish, parameters: { topic = '' } }: HttpRequest): HttpResponse {
  const body = decodeContent(encoded, headers['content-encoding'], deps.limits.messageBytesMax)
  if ('status' in body) return body
  const type = headers['content-type'] ?? ''
  if (isText(type) && !isUtf8(body)) return problem(400, 'the body must be UTF-8 text, as its content-type says, or of another type')
  const text = isText(type) || (mayBeText(type) && isUtf8(body))
  const published = publishOne(deps, options, topic, text ? body.toString() : body, mayPublish)
  if (typeof published === 'number') return json(200, { topic, offset: published })
  return problem(published.status, published.detail, published.headers)
}

const messagesPart = '/messages'

/** A topic's last part may be `messages`: then it is written so that the slash is not a separator (`a%2Fmessages`). */
function one(deps: ApiDeps, request: HttpRequest): HttpResponse | Promise<HttpResponse> {
  const { topic = '' } = request.parameters
  if (request.path.endsWith(messagesPart) && topic.endsWith(messagesPart)) return topicMessages(deps, topic.slice(0, -messagesPart.length), request)
  const found = deps.topic(topic)
  return found === null ? problem(404, `nobody uses this topic, got: ${topic.slice(0, gotMax)}`) : json(200, found)
}

export function topicRoutes(deps: ApiDeps, options: ApiOptions): readonly Route[] {
  return [
    {
      method: 'POST', path: '/topics/{topic...}', bodyBytesMax: deps.limits.messageBytesMax, access: 'token',
      about: 'publishes the body to the subscribers of the topic',
      handle: (request) => publish(deps, options, request),
    },
    {
      method: 'GET', path: '/topics', bodyBytesMax: 0, access: 'token', about: 'topics in use',
      handle: answeringRefusals((request) => listTopics(deps, request)),
    },
    {
      method: 'GET', path: '/topics/{topic...}', bodyBytesMax: 0, access: 'token', about: 'one of them; /messages behind it: what is kept of it',
      handle: answeringRefusals((request) => one(deps, request)),
    },
  ]
}
