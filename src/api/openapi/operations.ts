/** What each route takes and answers, by `METHOD path` of its row. A route without a row here is described by its row alone. */

import type { SchemaName } from './schemas.js'

export interface Parameter {
  readonly name: string
  readonly about: string
  readonly schema: Readonly<Record<string, unknown>>
}

export interface Operation {
  /** Of the query. */
  readonly query?: readonly Parameter[]
  /** The body that it takes: JSON of a schema, or anything. */
  readonly takes?: SchemaName | 'anything'
  /** Of status 200: JSON of a schema, or another media type. */
  readonly answers: SchemaName | 'text/plain' | 'application/json'
  /** Statuses beside those of every route, all of them problems. */
  readonly refuses?: readonly number[]
}

const text = { type: 'string' }

export const operations: Readonly<Record<string, Operation>> = {
  'POST /topics/{topic...}': { takes: 'anything', answers: 'Published', refuses: [413, 415, 503] },
  'POST /publish': { takes: 'Batch', answers: 'BatchResult', refuses: [413, 415] },
  'GET /topics': {
    query: [
      { name: 'max', about: 'At most so many.', schema: { type: 'integer', minimum: 1, maximum: 100_000, default: 100 } },
      { name: 'prefix', about: 'Only topics that begin so.', schema: text },
      { name: 'sort', about: 'skipped: most skipped first, then most subscribers; name: an order that stays.', schema: { enum: ['skipped', 'name'] } },
      { name: 'after', about: 'With sort=name: only topics behind this one.', schema: text },
    ],
    answers: 'TopicList', refuses: [503],
  },
  'GET /topics/{topic...}': { answers: 'TopicStats', refuses: [404, 503] },
  'GET /metrics': { answers: 'text/plain', refuses: [503] },
  'GET /live': { answers: 'Status', refuses: [503] },
  'GET /ready': { answers: 'Status', refuses: [503] },
  'GET /openapi.json': { answers: 'application/json' },
  'GET /': { answers: 'Map' },
}
