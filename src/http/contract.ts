/** The contract of HTTP servers and of what they serve. Implementations: node-http-server.ts, uws-http-server.ts. */

import type { Socket } from 'node:net'
import type { ClientCertificate } from '../native/tls.js'
import type { HttpProxies } from './client-address.js'

/** By names in small letters; repeated headers joined with `, `. */
export type HttpHeaders = Readonly<Record<string, string | undefined>>

/** Whose a request is. */
export interface HttpClient {
  /** An address, with a port or without. */
  readonly address: string
  /** It is a proxy's word, or a proxy's own. */
  readonly proxied: boolean
  /** Which TLS has verified; null: none. */
  readonly certificate: ClientCertificate | null
}

export interface HttpRequest {
  /** In capitals. */
  readonly method: string
  /** Without the query, as received: still percent-encoded. */
  readonly path: string
  /** What stands behind `?`, as received; empty without one. */
  readonly query: string
  readonly headers: HttpHeaders
  /** The whole body; empty without one. */
  readonly body: Buffer
  /** Parts of the path that the route names, percent-decoded. */
  readonly parameters: Readonly<Record<string, string>>
  /** Absent: the server does not tell. */
  readonly client?: HttpClient
  /** To which topics its sender may publish. Absent: to all. */
  readonly mayPublish?: (topic: string) => boolean
  /** What is kept of which topics its sender may read. Absent: of all. */
  readonly mayRead?: (topic: string) => boolean
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
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Segments, `{name}` stands for any one non-empty segment: `/apps/{app}/events`; `{name...}` at the end for all that follow. */
  readonly path: string
  /** Bytes; a longer body is refused with 413 before it is read. 0: no body is wanted. */
  readonly bodyBytesMax: number
  /** Who may ask: `anyone`, or who holds the API's token, or a credential with the right (where one is configured). */
  readonly access: 'anyone' | 'token'
  /** Which right that is. Absent: to read with GET, to publish with POST. */
  readonly right?: 'read' | 'publish' | 'admin'
  /** What it is for, in a few words: for a map of the API. */
  readonly about?: string
  readonly handle: HttpHandler
}

export interface FoundRoute {
  readonly route: Route
  readonly parameters: Readonly<Record<string, string>>
}

/** One request in, one answer out; never throws or rejects: what a handler throws is a 500 and a log line. */
export interface HttpService {
  /**
   * The row for a request, or the answer that refuses it (404, 405 with `allow`, whom the guard refuses); asked before the
   * body is read.
   */
  find(method: string, path: string, headers: HttpHeaders): FoundRoute | HttpResponse
  /** Answers a request whose route was found. The headers of what it answers are fit to be sent. */
  answer(route: Route, request: HttpRequest): HttpResponse | Promise<HttpResponse>
}

export interface HttpLimits {
  /**
   * Milliseconds for the head, and for the whole request. Over them: 408 and the connection is closed. (uWebSockets.js has a
   * time of its own for heads: ten seconds, then the connection is closed without a word.)
   */
  readonly requestHeadMs: number
  readonly requestMs: number
  /** Milliseconds that a connection may wait for its next request. (On uWebSockets.js: ten seconds, whatever is set.) */
  readonly keepAliveMs: number
  /** More are told 503. (On uWebSockets.js it bounds the requests in progress, and closes connections over it where that can count them.) */
  readonly connectionsMax: number
}

export interface HttpAddress {
  /** IPv4 or IPv6 address literal. */
  readonly address: string
  /** 0 picks a free port, the same one for all addresses. */
  readonly port: number
  /** True when the machine may lack this address (::1 without IPv6): then nothing listens there, and that is no error. */
  readonly optional: boolean
}

export interface HttpServerOptions {
  /** May be empty for a server that only adopts connections. */
  readonly addresses: readonly HttpAddress[]
  readonly limits: HttpLimits
  readonly service: HttpService
  /** Null: nobody stands between. */
  readonly proxies: HttpProxies | null
  /** Told of each request that was answered 401 or 403, `GET /path`, and of the address that it came from. */
  readonly onDenied: (client: string, request: string, status: number) => void
}

export interface BoundHttp {
  readonly address: string
  readonly port: number
  /** Whether it is https. Absent: it is not. */
  readonly secure?: boolean
}

export interface HttpServer {
  readonly bound: readonly BoundHttp[]
  /** Ends idle connections at once and the others with their answers, all within `ms`. A later call joins the first one. */
  close(ms: number): Promise<void>
}

/**
 * Takes a connection back from a server that adopted it, for an upgrade to WebSocket. `head`: all bytes that were read and not served, from
 * the upgrade request's first one on. It makes a descriptor of its own of `fd`, which the server closes. It throws when it cannot.
 */
export type TakeBack = (fd: number, head: Uint8Array) => void

/** Servers that also take connections that somebody else accepted (Node's own). */
export interface AdoptingHttpServer extends HttpServer {
  /**
   * Takes over a connection, whose limits and timeouts begin now.
   * `head`: bytes that were read from the socket already, in whatever state the request is. `takeBack`: who serves an upgrade to
   * WebSocket behind other requests, once they are answered; null: such a request is served as if it asked for nothing. `peer`: its address,
   * with a port or without. `certificate`: the peer's, which TLS has verified.
   */
  adopt(socket: Socket, head: Uint8Array, takeBack: TakeBack | null, peer: string, certificate?: ClientCertificate | null): void
}

/** Connections over the limit that are told so at a time; others are cut. */
export const refusingMax = 32

/** A server's limits that nothing configures. */
export const targetBytesMax = 8192
export const headersMax = 100
export const headBytesMax = 16_384
