/** `/connections`: who is connected, what each of them says and gets, and ending one. */

import type { HttpRequest, HttpResponse, Route } from '../http/contract.js'
import { json } from '../http/json.js'
import { problem } from '../http/problem.js'
import type { ConnectionOrder, ConnectionProtocol } from '../native/binding.js'
import type { ApiDeps } from './api.js'

const gotMax = 100
const keys = ['protocol', 'listener', 'peer', 'topic', 'subject', 'sort', 'limit', 'after'] as const

/** What the broker does not take is the client's; what it cannot answer now, ours for a while. */
async function answering(answer: () => Promise<HttpResponse>): Promise<HttpResponse> {
  try {
    return await answer()
  } catch (error) {
    const { code, message } = error as { code?: unknown, message?: unknown }
    if (error instanceof RangeError) return problem(400, String(message).slice(0, 2 * gotMax))
    if (code === 'ERR_BUSY' || code === 'ERR_CLOSED') return problem(503, String(message), { 'retry-after': '1' })
    throw error
  }
}

function list(deps: ApiDeps, { query }: HttpRequest): Promise<HttpResponse> | HttpResponse {
  const given = new URLSearchParams(query)
  const unknown = [...given.keys()].find((key) => !keys.some((each) => each === key) && key !== 'token') // a credential may stand there
  if (unknown !== undefined) return problem(400, `the query may have ${keys.join(', ')}, got: ${unknown.slice(0, gotMax)}`)
  const value = (key: (typeof keys)[number]) => given.get(key) ?? undefined
  const limit = value('limit')
  return answering(async () => json(200, await deps.connections({
    protocol: value('protocol') as ConnectionProtocol | undefined,
    listener: value('listener'),
    peer: value('peer'),
    topic: value('topic'),
    subject: value('subject'),
    sort: value('sort') as ConnectionOrder | undefined,
    limit: limit === undefined ? undefined : /^\d{1,6}$/.test(limit) ? Number(limit) : NaN,
    after: value('after'),
  })))
}

function remove(deps: ApiDeps, { parameters: { id: text = '' } }: HttpRequest): Promise<HttpResponse> | HttpResponse {
  const id = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : 0
  const gone = problem(404, `there is no such connection, got: ${text.slice(0, gotMax)}`)
  if (!Number.isSafeInteger(id) || id === 0) return gone
  return answering(async () => (await deps.removeConnection(id) ? json(200, { id, removed: true }) : gone))
}

export function connectionRoutes(deps: ApiDeps): readonly Route[] {
  return [
    { method: 'GET', path: '/connections', bodyBytesMax: 0, access: 'token', about: 'who is connected', handle: (request) => list(deps, request) },
    { method: 'DELETE', path: '/connections/{id}', bodyBytesMax: 0, access: 'token', about: 'ends one', handle: (request) => remove(deps, request) },
  ]
}
