/** `GET /topics`: which of them, in which order, from where on. */

import type { HttpRequest, HttpResponse } from '../http/contract.js'
import { json } from '../http/json.js'
import { problem } from '../http/problem.js'
import type { TopicStats } from '../native/binding.js'
import type { ApiDeps } from './api.js'

const listDefault = 100
export const listMax = 100_000
const gotMax = 100
const keys = ['max', 'prefix', 'sort', 'after']

interface Asked {
  readonly max: number
  readonly prefix: string
  /** By name: in an order that stays, so that a page can follow another. */
  readonly byName: boolean
  readonly after: string | null
}

function askedIn(query: string): Asked | string {
  const given = new URLSearchParams(query)
  const unknown = [...given.keys()].find((key) => !keys.includes(key))
  if (unknown !== undefined) return `a query key must be one of ${keys.join(', ')}, got: ${unknown.slice(0, gotMax)}`
  const text = given.get('max') ?? String(listDefault)
  const max = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (max < 1 || max > listMax) return `max must be 1..${listMax}, got: ${text.slice(0, gotMax)}`
  const sort = given.get('sort') ?? (given.has('after') ? 'name' : 'skipped')
  if (sort !== 'name' && sort !== 'skipped') return `sort must be skipped or name, got: ${sort.slice(0, gotMax)}`
  if (sort === 'skipped' && given.has('after')) return 'after must go with sort=name: only that order stays from page to page, got: sort=skipped'
  return { max, prefix: given.get('prefix') ?? '', byName: sort === 'name', after: given.get('after') }
}

/** Code unit by code unit, so that it is the same everywhere. */
function compareNames(a: TopicStats, b: TopicStats): number {
  return a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : 0
}

export function listTopics(deps: ApiDeps, { query }: HttpRequest): HttpResponse {
  const asked = askedIn(query)
  if (typeof asked === 'string') return problem(400, asked)
  const { max, prefix, byName, after } = asked
  if (prefix === '' && !byName) return json(200, { topics: deps.topicStats(max) })
  const found = deps.topicStats(listMax).filter(({ topic }) => topic.startsWith(prefix) && (after === null || topic > after))
  const topics = (byName ? found.sort(compareNames) : found).slice(0, max)
  return json(200, byName ? { topics, next: found.length > max ? topics.at(-1)?.topic : null } : { topics })
}
