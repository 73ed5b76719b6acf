/** Errors for people and programs: RFC 9457 problem details. */

import { STATUS_CODES } from 'node:http'
import type { HttpResponse } from './contract.js'

/** One line for the log and for whoever asked; `detail` never tells what only the operator may know. */
export function problem(status: number, detail: string, headers: HttpResponse['headers'] = {}): HttpResponse {
  return {
    status,
    headers: { ...headers, 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    body: JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail }),
  }
}
