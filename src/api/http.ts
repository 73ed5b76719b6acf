/** The contract of HTTP servers and of what they serve. Implementations: node-http-server.ts, uws-http-server.ts. */

import type { Socket } from 'node:net'

export interface HttpRequest {
  /** In capitals. */
  readonly method: string
  /** Without the query, as received: still percent-encoded. */
  readonly path: string
  /** What stands behind `?`, as received; empty without one. */
  readonly query: string
  /** By names in small letters; repeated headers joined with `, `. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The whole body; empty without one. */
  readonly body: Buffer
  /** Parts of the path that the route names, percent-decoded. */
  readonly parameters: Readonly<Record<string, string>>
}

export interface HttpResponse {
  readonly status: number
  /** Names in small letters; content-length is the server's. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

export type HttpHandler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>

/** One row of a route table. */
export interface Route {
  readonly method: 'GET' | 'POST'
  /** Segments, `{name}` stands for any one non-empty segment: `/apps/{app}/events`; `{name...}` at the end for all that follow. */
  readonly path: string
  /** Bytes; a longer body is refused with 413 before it is read. 0: no body is wanted. */
  readonly bodyBytesMax: number
  /** Who may ask: `anyone`, or who holds the API's token (when one is configured). */
  readonly access: 'anyone' | 'token'
  readonly handle: HttpHandler
}

export interface HttpLimits {
  /** Milliseconds for the head, and for the whole request. Over them: 408 and the connection is closed. */
  readonly requestHeadMs: number
  readonly requestMs: number
  readonly connectionsMax: number
}

/** One request in, one answer out; never rejects: what a handler throws is a 500 and a log line. */
export interface HttpService {
  /** The row for a request, or the answer that refuses it (404, 405 with `allow`); asked before the body is read. */
  find(method: string, path: string): { readonly route: Route, readonly parameters: Readonly<Record<string, string>> } | HttpResponse
  /** Answers a request whose route was found. */
  answer(route: Route, request: HttpRequest): HttpResponse | Promise<HttpResponse>
}

export interface BoundHttp {
  readonly address: string
  readonly port: number
}

export interface HttpServer {
  readonly bound: readonly BoundHttp[]
  /** Ends idle connections at once and the others with their answers, all within `ms`. */
  close(ms: number): Promise<void>
}

/** Servers that also take connections that somebody else accepted (Node's own). */
export interface AdoptingHttpServer extends HttpServer {
  /** `head`: bytes that were read from the socket already. */
  adopt(socket: Socket, head: Uint8Array): void
}
