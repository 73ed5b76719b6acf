/** `GET /topics/{topic}/messages`: what a topic keeps, and what comes next (long poll). */

import type { HttpRequest, HttpResponse } from '../http/contract.js'
import { problem } from '../http/problem.js'
import type { ApiDeps, ApiHistory } from './api.js'

const limitDefault = 100
const limitMax = 1000
const waitMaxMs = 60_000
const gotMax = 100

interface Asked {
  readonly since: string | undefined
  readonly last: number | undefined
  readonly limit: number
  readonly waitMs: number
  readonly strict: boolean
}

type Message = ApiHistory['messages'][number]

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** As in an envelope (docs/history.md): JSON as it was published, other text as a string, bytes as base64. */
function messageJson({ offset, payload, event }: Message): string {
  const name = event === null ? '' : `"event":${JSON.stringify(event)},`
  if (typeof payload !== 'string') return `{"offset":${offset},${name}"base64":"${payload.toString('base64')}"}`
  return `{"offset":${offset},${name}"data":${isJson(payload) ? payload : JSON.stringify(payload)}}`
}

function answer({ epoch, messages, next, gap }: ApiHistory): HttpResponse {
  const body = `{"epoch":"${epoch}","messages":[${messages.map(messageJson).join(',')}],"next":"${next}","gap":${JSON.stringify(gap)}}`
  return { status: 200, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' }, body }
}

/** Who asks for all or nothing is told from where all is to be had. */
function gone({ oldest, gap }: ApiHistory): HttpResponse {
  const detail = `${gap?.skipped ?? 'an unknown number of'} publications are not kept any more`
  const body = JSON.stringify({ type: 'about:blank', title: 'Gone', status: 410, detail, oldest })
  return { status: 410, headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }, body }
}

function countOf(text: string | null, most: number): number | null {
  const number = text !== null && /^\d{1,10}$/.test(text) ? Number(text) : 0
  return number >= 1 && number <= most ? number : null
}

/** `30s`, `500ms`, or milliseconds. */
function durationOf(text: string): number | null {
  const [, digits = '', unit = 'ms'] = /^(\d{1,7})(ms|s)?$/.exec(text) ?? []
  const ms = Number(digits) * (unit === 's' ? 1000 : 1)
  return digits !== '' && ms <= waitMaxMs ? ms : null
}

const keys: ReadonlySet<string> = new Set(['since', 'last', 'limit', 'wait', 'strict'])

function asked(query: string): Asked | HttpResponse {
  const parameters = new URLSearchParams(query)
  function wrong(name: string, must: string): HttpResponse {
    return problem(400, `${name} must be ${must}, got: ${(parameters.get(name) ?? '').slice(0, gotMax)}`)
  }
  const unknown = [...parameters.keys()].find((key) => !keys.has(key) && key !== 'token')
  if (unknown !== undefined) return problem(400, `a query key must be ${[...keys].join(', ')}, got: ${unknown.slice(0, gotMax)}`)
  const last = parameters.has('last') ? countOf(parameters.get('last'), 2 ** 32 - 1) : undefined
  if (last === null) return wrong('last', 'a number from 1 on')
  const limit = parameters.has('limit') ? countOf(parameters.get('limit'), limitMax) : limitDefault
  if (limit === null) return wrong('limit', `1..${limitMax}`)
  const waitMs = durationOf(parameters.get('wait') ?? '0')
  if (waitMs === null) return wrong('wait', `at most ${waitMaxMs / 1000}s, such as 30s or 500ms`)
  const strict = parameters.get('strict') ?? '0'
  if (strict !== '0' && strict !== '1') return wrong('strict', '1 or 0')
  const since = parameters.get('since') ?? undefined
  if (since !== undefined && last !== undefined) return problem(400, 'there must be since or last, got: both')
  return { since, last, limit, waitMs, strict: strict === '1' }
}

/** Until something is published, or the time is over. What is published while this is set up is not missed: `read` comes behind it. */
function published(deps: ApiDeps, topic: string, ms: number, read: () => ApiHistory): Promise<ApiHistory> {
  return new Promise((resolve, reject) => {
    const waiting = { end: (): void => {} }
    function finish(): void {
      waiting.end()
      try {
        resolve(read())
      } catch (error) {
        reject(error)
      }
    }
    const timer = setTimeout(finish, ms)
    const stop = deps.onPublished(topic, finish)
    waiting.end = () => {
      clearTimeout(timer)
      stop()
    }
    const now = read()
    if (now.messages.length === 0 && now.gap === null) return
    waiting.end()
    resolve(now)
  })
}

export async function topicMessages(deps: ApiDeps, topic: string, { query, mayRead }: HttpRequest): Promise<HttpResponse> {
  // What was said on a topic is for who may hear it, and an app's for its own clients, whatever a credential of `auth` grants.
  if (mayRead !== undefined && (!mayRead(topic) || deps.isReserved(topic))) return problem(403, 'the credential does not allow reading this topic')
  const ask = asked(query)
  if ('status' in ask) return ask
  const { since, last, limit, waitMs, strict } = ask
  function read(): ApiHistory {
    return deps.history(topic, { ...(since === undefined ? {} : { since }), ...(last === undefined ? {} : { last }), limit })
  }
  const first = read()
  if (!first.keeps) return problem(404, `no history of this topic is kept (history in the configuration), got: ${topic.slice(0, gotMax)}`)
  const waits = first.messages.length === 0 && first.gap === null && waitMs > 0 && !deps.draining()
  const found = waits ? await published(deps, topic, waitMs, read) : first
  return strict && found.gap !== null ? gone(found) : answer(found)
}
