/**
 * Answers of the Pusher HTTP API: JSON when a request was served; a status and one line of text when it was refused, because
 * the body of a refusal is what server SDKs print.
 */

import type { HttpResponse } from '../../http/contract.js'
import { printable } from '../../log/printable.js'

/** 400 malformed, 401 not authentic, 403 app disabled, 413 payload too large, 429 over the rate, 501 no MD5 here, 503 cannot be published now. */
export type RefusalStatus = 400 | 401 | 403 | 413 | 429 | 501 | 503

/** A request that is not served, thrown wherever that is found out; `message` is the answer's body. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: RefusalStatus

  constructor(status: RefusalStatus, message: string) {
    super(message)
    this.status = status
  }
}

const gotMax = 100

/** A value in a message: short, on one line, texts in quotes. */
export function got(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object') return 'an object'
  if (typeof value !== 'string') return String(value)
  return printable(JSON.stringify(value.length > gotMax ? `${value.slice(0, gotMax)}…` : value))
}

const jsonHeaders = { 'content-type': 'application/json' } as const
const textHeaders = { 'content-type': 'text/plain; charset=utf-8' } as const
const retryHeaders = { ...textHeaders, 'retry-after': '1' } as const

/** What a request that asks for nothing gets. */
export const emptyAnswer: HttpResponse = { status: 200, headers: jsonHeaders, body: '{}' }

export function jsonAnswer(value: object): HttpResponse {
  return { status: 200, headers: jsonHeaders, body: JSON.stringify(value) }
}

/** The refusals that the same request may not meet a second later say so with `retry-after`. */
export function refusalAnswer({ status, message }: Refusal): HttpResponse {
  return { status, headers: status === 429 || status === 503 ? retryHeaders : textHeaders, body: `${message}\n` }
}
