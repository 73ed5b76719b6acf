/** Answers in JSON. */

import type { HttpResponse } from './contract.js'

const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }

export function json(status: number, value: unknown): HttpResponse {
  return { status, headers, body: JSON.stringify(value) }
}
