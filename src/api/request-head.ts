/** What every server does with a request's head before it reads the body: is it sound, who answers it, how long may it be. */

import { headersMax, targetBytesMax, type HttpHeaders, type HttpRequest, type HttpResponse, type HttpService, type Route } from './http.js'
import { problem } from './problem.js'

/** A request that a route answers, once its body is there. */
export interface OpenRequest {
  readonly route: Route
  /** The server fills in the body. */
  readonly request: { -readonly [Key in keyof HttpRequest]: HttpRequest[Key] }
  /** As declared; null: nobody knows yet (chunks). */
  readonly bodyBytes: number | null
}

export interface Head {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: HttpHeaders
}

const nothing = Buffer.alloc(0)
const decimal = /^\d{1,15}$/

/** The declared length of a body, null for chunks. NaN: the head contradicts itself or means nothing. */
function bodyBytes(length: string | undefined, coding: string | undefined): number | null {
  if (coding !== undefined) return length === undefined ? null : NaN
  if (length === undefined) return 0
  return decimal.test(length) ? Number(length) : NaN
}

/** Splits a request target; one in absolute form (RFC 9112 §3.2.2) loses its origin. */
export function splitTarget(target: string): { path: string, query: string } {
  const local = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?]*(?=([/?]|$))/i, '')
  const at = local.indexOf('?')
  return at === -1 ? { path: local, query: '' } : { path: local.slice(0, at), query: local.slice(at + 1) }
}

/** What is wrong with a head may be wrong with the body's length: nothing behind it can be trusted. */
const ends = { connection: 'close' }

function refuseHead({ path, query, headers }: Head, bytes: number | null): HttpResponse | null {
  const { host, 'transfer-encoding': coding } = headers
  if (path.length + query.length > targetBytesMax) return problem(414, `the request target must be at most ${targetBytesMax} bytes`)
  if (host === undefined || host.includes(',')) return problem(400, `there must be one Host header, got: ${host ?? 'nothing'}`, ends)
  if (Number.isNaN(bytes)) return problem(400, 'the length of the body must be told once, as one number or as chunks', ends)
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return problem(501, `the transfer coding must be chunked, got: ${coding}`, ends)
  return null
}

/** The request, or the answer that refuses it. */
export function openRequest(service: HttpService, head: Head): OpenRequest | HttpResponse {
  const { method, path, query, headers } = head
  const bytes = bodyBytes(headers['content-length'], headers['transfer-encoding'])
  const refusal = refuseHead(head, bytes)
  if (refusal !== null) return refusal
  const found = service.find(method, path, headers)
  if (!('route' in found)) return found
  const { route, parameters } = found
  if (bytes !== null && bytes > route.bodyBytesMax) return tooLong(route)
  return { route, request: { method, path, query, headers, body: nothing, parameters }, bodyBytes: bytes }
}

export function tooLong({ bodyBytesMax }: Route): HttpResponse {
  return problem(413, bodyBytesMax === 0 ? 'the request must have no body' : `the body must be at most ${bodyBytesMax} bytes`)
}

export function tooManyHeaders(): HttpResponse {
  return problem(431, `there must be at most ${headersMax} headers`, ends)
}
