/** What every server does with a request's head before it reads the body: is it sound, who answers it, how long may it be. */

import { headersMax, targetBytesMax, type HttpClient, type HttpHeaders, type HttpRequest, type HttpResponse, type HttpService, type Route } from './contract.js'
import { parseHost } from './host.js'
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
  /** The parts of `HTTP/1.1`. */
  readonly majorVersion: number
  readonly minorVersion: number
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: HttpHeaders
  readonly client?: HttpClient
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
export const ends = { connection: 'close' }

export const otherVersion = problem(505, 'HTTP/1.1 is spoken here', ends)

/** RFC 9112 §3.2: one that is there must be sound, and only HTTP/1.0 does without. */
export function refuseHost(host: string | undefined, minorVersion: number): HttpResponse | null {
  if (host === undefined) return minorVersion === 0 ? null : problem(400, 'there must be one Host header, got: nothing', ends)
  return parseHost(host) === null ? problem(400, `there must be one Host header, with a name or an address and a port or none, got: ${host}`, ends) : null
}

function refuseHead({ majorVersion, minorVersion, path, query, headers }: Head, bytes: number | null): HttpResponse | null {
  const { host, 'transfer-encoding': coding } = headers
  if (majorVersion === 0) return problem(400, 'the request line must end with a version', ends) // Node takes it for HTTP/0.9
  if (majorVersion !== 1) return otherVersion
  if (path.length + query.length > targetBytesMax) return problem(414, `the request target must be at most ${targetBytesMax} bytes`)
  const refusedHost = refuseHost(host, minorVersion)
  if (refusedHost !== null) return refusedHost
  if (path.includes('#') || query.includes('#')) return problem(400, 'a request target has no fragment; write # as %23', ends)
  if (coding !== undefined && minorVersion === 0) return problem(400, 'HTTP/1.0 knows no Transfer-Encoding', ends)
  if (Number.isNaN(bytes)) return problem(400, 'the length of the body must be told once, as one number or as chunks', ends)
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return problem(501, `the transfer coding must be chunked, got: ${coding}`, ends)
  return null
}

/** What the whole server can do, which is what `OPTIONS *` asks (RFC 9110 §9.3.7). */
const options: HttpResponse = { status: 204, headers: { allow: 'GET, HEAD, POST, OPTIONS' }, body: '' }

/** The request, or the answer that refuses it. */
export function openRequest(service: HttpService, head: Head): OpenRequest | HttpResponse {
  const { method, path, query, headers, client } = head
  const bytes = bodyBytes(headers['content-length'], headers['transfer-encoding'])
  const refusal = refuseHead(head, bytes)
  if (refusal !== null) return refusal
  if (method === 'OPTIONS' && path === '*') return options
  const found = service.find(method, path, headers)
  if (!('route' in found)) return found
  const { route, parameters } = found
  if (bytes !== null && bytes > route.bodyBytesMax) return tooLong(route)
  return { route, request: { method, path, query, headers, body: nothing, parameters, ...client && { client } }, bodyBytes: bytes }
}

export function tooLong({ bodyBytesMax }: Route): HttpResponse {
  return problem(413, bodyBytesMax === 0 ? 'the request must have no body' : `the body must be at most ${bodyBytesMax} bytes`)
}

export function tooManyHeaders(): HttpResponse {
  return problem(431, `there must be at most ${headersMax} headers`, ends)
}
