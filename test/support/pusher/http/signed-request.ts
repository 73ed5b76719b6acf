/** Requests of the HTTP API as a server SDK makes them, and as one makes them that is wrong or hostile. */

import { createHash, createHmac } from 'node:crypto'
import type { HttpRequest, HttpResponse, Route } from '../../../../src/http/contract.js'
import { pusherRoutes, type PusherHttpOptions } from '../../../../src/pusher/http/routes.js'
import { appsOf, credentials, type FakeApp } from './fake-app.js'

/** The server's time. */
export const nowSeconds = 1_353_088_179

export interface Sent {
  readonly method?: string
  readonly path?: string
  readonly body?: string | Buffer
  /** Parameters beside those of the signature; they replace those with the same name. Undefined: the parameter is left out. */
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly secret?: string
  /** What is signed, where it differs from what is sent. */
  readonly signed?: { readonly method?: string, readonly path?: string }
  /** Changes the query after it was signed. */
  readonly tamper?: (query: string) => string
  /** Replaces the body after the query was signed. */
  readonly swappedBody?: string
}

export function md5(data: string | Uint8Array): string {
  return createHash('md5').update(data).digest('hex')
}

function hmac(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex')
}

/** The signed parameters in their order: an implementation of the contract of its own. */
function signedQuery(sent: Sent): string {
  const { method = 'POST', path = '/apps/3/events', body = '', query = {}, secret = credentials.secret, signed } = sent
  const parameters: Record<string, string | undefined> = {
    auth_key: credentials.key, auth_timestamp: String(nowSeconds), auth_version: '1.0',
    body_md5: body.length > 0 ? md5(body) : undefined, ...query,
  }
  const pairs = Object.entries(parameters).filter(([name, value]) => value !== undefined && name !== 'auth_signature')
  const ordered = pairs.map(([name, value]) => [name.toLowerCase(), value as string] as const).sort(([a], [b]) => (a < b ? -1 : 1))
  const text = ordered.map(([name, value]) => `${name}=${value}`).join('&')
  const signature = hmac(secret, `${signed?.method ?? method}\n${signed?.path ?? path}\n${text}`)
  const sentPairs = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value as string)}`)
  const sentSignature = 'auth_signature' in query ? query['auth_signature'] : signature
  return (sentSignature === undefined ? sentPairs : [...sentPairs, `auth_signature=${sentSignature}`]).join('&')
}

export function requestOf(sent: Sent, parameters: Readonly<Record<string, string>>): HttpRequest {
  const { method = 'POST', path = '/apps/3/events', body = '', swappedBody, tamper = (query) => query } = sent
  return { method, path, query: tamper(signedQuery(sent)), headers: {}, body: Buffer.from(swappedBody ?? body), parameters }
}

/** Parts of the path by the route's names, or null when it is another route's. */
function match(route: Route, method: string, path: string): Record<string, string> | null {
  const wanted = route.path.split('/')
  const given = path.split('/')
  if (route.method !== method || wanted.length !== given.length) return null
  const parameters: Record<string, string> = {}
  for (const [at, segment] of wanted.entries()) {
    const value = given[at] as string
    if (segment.startsWith('{')) parameters[segment.slice(1, -1)] = decodeURIComponent(value)
    else if (segment !== value) return null
  }
  return parameters
}

/** Sends a request to the routes of these apps. */
export function ask(sent: Sent, ...apps: readonly FakeApp[]): Promise<HttpResponse> {
  return askWith({}, sent, ...apps)
}

/** The same, of routes with these options. */
export async function askWith(options: Partial<PusherHttpOptions>, sent: Sent, ...apps: readonly FakeApp[]): Promise<HttpResponse> {
  const { method = 'POST', path = '/apps/3/events' } = sent
  for (const route of pusherRoutes(appsOf(...apps), { nowSeconds: () => nowSeconds, ...options })) {
    const parameters = match(route, method, path)
    if (parameters !== null) return await route.handle(requestOf(sent, parameters))
  }
  throw new Error(`the path must be one of the API, got: ${method} ${path}`)
}
