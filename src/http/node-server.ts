/**
 * HTTP by Node's own server, also for connections that somebody else accepted. One http.Server, which never listens itself,
 * serves the connections of all addresses. Thread: main.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ClientCertificate } from '../native/tls.js'
import { listenOnAll, listenWithNet, type Listening } from './bind.js'
import { clientOf, type HttpProxies } from './client-address.js'
import {
  headBytesMax, headersMax, refusingMax, type AdoptingHttpServer, type BoundHttp, type HttpHeaders, type HttpLimits, type HttpResponse, type HttpServerOptions,
  type HttpService, type TakeBack,
} from './contract.js'
import type { Connection, Exchange, Origin } from './node-exchange.js'
import { readProxyHeader } from './node-proxy-header.js'
import { refusalOf, refuseConnection, refuseRequest, type ParserError, type Refusal } from './node-refusal.js'
import { asksForWebSocket, giveBack, serveWithoutUpgrade, type UpgradeRequest } from './node-upgrade.js'
import { problem } from './problem.js'
import { openRequest, splitTarget, tooLong, tooManyHeaders, type OpenRequest } from './request-head.js'

/** A peer that does not read its answer has this long at least. */
const unreadMs = 10_000
/** Timeouts are looked at this often at least. */
const timeoutCheckMs = 1000
/** A refused body of up to this many bytes is read away, and the connection goes on. */
const skippedBytesMax = 65_536
/** Pipelined requests of one connection that wait for their answers. */
const answeringMax = 100

/** Of a socket that failed: it is destroyed, and that is all there is to do. */
const ignore = () => {}

function createNodeServer({ requestHeadMs, requestMs, keepAliveMs }: HttpLimits): Server {
  const headersTimeout = Math.min(requestHeadMs, requestMs)
  return createServer({
    headersTimeout,
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: Math.max(10, Math.min(timeoutCheckMs, Math.floor(headersTimeout / 4))),
    maxHeaderSize: headBytesMax,
    insecureHTTPParser: false,
    joinDuplicateHeaders: true,
    requireHostHeader: false, // openRequest requires it, and says so in our words
  })
}

class NodeHttpServer implements AdoptingHttpServer {
  readonly #service: HttpService
  readonly #limits: HttpLimits
  readonly #proxies: HttpProxies | null
  readonly #onDenied: HttpServerOptions['onDenied']
  readonly #http: Server
  readonly #connections = new Map<Socket, Connection>()
  #listening: readonly Listening[] = []
  readonly #refusing = new Set<Socket>()
  /** Of trusted proxies that have not said yet whose they are. */
  readonly #announcing = new Set<Socket>()
  #closing: Promise<void> | null = null
  #onGone: () => void = () => {}

  constructor({ service, limits, proxies, onDenied }: HttpServerOptions) {
    this.#service = service
    this.#limits = limits
    this.#proxies = proxies
    this.#onDenied = onDenied
    this.#http = createNodeServer(limits)
    this.#http.maxHeadersCount = headersMax + 1 // Node leaves out what is more; one more shows that there is
    this.#http.timeout = Math.max(limits.requestMs, unreadMs) // for peers that do not read their answers
    this.#http
      .on('request', (incoming, outgoing) => this.#serve(incoming, outgoing, () => {}))
      .on('checkContinue', (incoming, outgoing) => this.#serve(incoming, outgoing, () => outgoing.writeContinue()))
      .on('checkExpectation', (incoming, outgoing) => this.#serve(incoming, outgoing, null))
      .on('connect', (_incoming, socket) => this.#refuseRest(socket as Socket, { response: problem(405, 'this is not a proxy'), method: 'GET' }))
      // Without a listener Node would serve it, and forget what came behind it in the same read.
      .on('upgrade', (incoming, socket, rest) => this.#onUpgrade({ incoming, socket: socket as Socket, rest }))
      .on('clientError', (error, socket) => this.#onParserError(error, socket as Socket))
      .emit('listening') // starts the timeouts of heads and requests
  }

  get bound(): readonly BoundHttp[] {
    return this.#listening.map(({ address, port }) => ({ address, port }))
  }

  async listen(addresses: HttpServerOptions['addresses']): Promise<void> {
    this.#listening = await listenOnAll(addresses, listenWithNet((socket) => this.#meet(socket)))
  }

  adopt(socket: Socket, head: Uint8Array, takeBack: TakeBack | null, peer: string, certificate: ClientCertificate | null = null): void {
    socket.allowHalfOpen = true
    socket.setNoDelay(true)
    if (head.byteLength > 0) socket.unshift(head)
    this.#accept(socket, { takeBack, peer, certificate })
    if (socket.isPaused()) socket.resume()
  }

  close(ms: number): Promise<void> {
    this.#closing ??= this.#close(ms)
    return this.#closing
  }

  /** A trusted proxy may have to say first whose the connection is. */
  #meet(socket: Socket): void {
    const peer = socket.remoteAddress ?? ''
    const proxies = this.#proxies
    if (proxies === null || !proxies.announced || !proxies.isTrustedProxy(peer)) return this.#accept(socket, { takeBack: null, peer, certificate: null })
    if (this.#closing !== null) return void socket.destroy()
    if (this.#isFull()) return this.#refuseMore(socket)
    this.#announcing.add(socket)
    socket.once('close', () => this.#announcing.delete(socket))
    readProxyHeader(socket, { read: (bytes) => proxies.readProxyHeader(bytes), ms: this.#limits.requestHeadMs }, (client, rest) => {
      this.#announcing.delete(socket)
      this.adopt(socket, rest, null, client ?? peer)
    })
  }

  #isFull(): boolean {
    return this.#connections.size + this.#announcing.size >= this.#limits.connectionsMax
  }

  #accept(socket: Socket, from: Origin): void {
    if (this.#closing !== null) return void socket.destroy()
    if (this.#isFull()) return this.#refuseMore(socket)
    this.#connections.set(socket, { open: 0, refused: false, last: null, unsent: 0, onSent: () => {}, ...from })
    socket.once('close', () => {
      this.#connections.delete(socket)
      if (this.#connections.size === 0) this.#onGone()
    })
    this.#http.emit('connection', socket)
  }

  #refuseMore(socket: Socket): void {
    if (this.#refusing.size >= refusingMax) return void socket.destroy()
    this.#refusing.add(socket)
    socket.once('close', () => this.#refusing.delete(socket))
    const answer = problem(503, `there are ${this.#limits.connectionsMax} connections already`, { 'retry-after': '1' })
    refuseConnection(socket, answer)
  }

  #onParserError(error: ParserError, socket: Socket): void {
    const connection = this.#connections.get(socket)
    if (connection === undefined || connection.refused) return // more bytes behind those that were refused
    // RFC 9112 §9.6: behind a request that ends the connection they are nobody's, and its answer is still to come.
    if (error.code === 'HPE_CLOSED_CONNECTION') connection.refused = true
    else if (!socket.writable || error.code === 'ECONNRESET') socket.destroy()
    else this.#refuseRest(socket, refusalOf(error))
  }

  /**
   * The last answer on a connection: behind those to requests that were whole, for which it would be taken otherwise, and in place of
   * that to a request that was not. Such a request never comes to its handler.
   */
  #refuseRest(socket: Socket, { response, method }: Refusal): void {
    const connection = this.#connections.get(socket)
    if (connection === undefined || connection.refused) return
    const { last } = connection
    connection.refused = true
    connection.onSent = () => {
      if (socket.writable) refuseConnection(socket, response, method)
    }
    if (last !== null && !last.answered && !last.incoming.complete) {
      last.dropped = true
      connection.unsent -= 1
    }
    socket.on('error', ignore).setTimeout(this.#limits.requestMs, () => void socket.destroy()) // Node may have let go of it
    if (connection.unsent === 0) connection.onSent()
  }

  /** Answers of requests before this one may still be under way: no byte of them may be lost. */
  #onUpgrade(upgrade: UpgradeRequest): void {
    const { socket, incoming } = upgrade
    const connection = this.#connections.get(socket)
    socket.on('error', ignore)
    if (connection === undefined || connection.refused) return void socket.resume()
    const cut = () => void socket.destroy()
    socket.setTimeout(this.#limits.requestMs, cut)
    connection.onSent = () => {
      connection.onSent = () => {}
      if (socket.destroyed) return
      socket.setTimeout(0, cut).off('error', ignore) // each of what follows has its own
      if (this.#closing !== null) return refuseConnection(socket, problem(503, 'the server is closing', { 'retry-after': '1' }))
      if (incoming.rawHeaders.length > 2 * headersMax) return refuseConnection(socket, tooManyHeaders())
      if (connection.takeBack !== null && asksForWebSocket(incoming)) giveBack(upgrade, connection.takeBack)
      else serveWithoutUpgrade(upgrade, () => this.#http.emit('connection', socket))
    }
    if (connection.unsent === 0) connection.onSent()
  }

  /** `beforeBody` is called before a body is asked for; null: the client expects what nobody here does. */
  #serve(incoming: IncomingMessage, outgoing: ServerResponse, beforeBody: (() => void) | null): void {
    const connection = this.#connections.get(incoming.socket)
    if (connection === undefined || connection.refused) return
    connection.open += 1
    connection.unsent += 1
    const exchange: Exchange = { incoming, outgoing, connection, answered: false, dropped: false }
    connection.last = exchange
    outgoing.once('close', () => {
      if (exchange.dropped) return
      connection.unsent -= 1
      if (connection.unsent === 0) connection.onSent()
    })
    const opened = this.#open(exchange)
    if (!('route' in opened)) return this.#refuse(exchange, opened)
    if (beforeBody === null) return this.#refuse(exchange, problem(417, 'nothing but 100-continue may be expected'))
    if (opened.bodyBytes === 0) return this.#answer(exchange, opened)
    beforeBody()
    this.#receive(exchange, opened)
  }

  #open({ incoming, connection }: Exchange): OpenRequest | HttpResponse {
    if (incoming.rawHeaders.length > 2 * headersMax) return tooManyHeaders()
    if (connection.open > answeringMax) return problem(429, `at most ${answeringMax} requests of a connection may wait for answers`)
    const { path, query } = splitTarget(incoming.url ?? '')
    const { method = '', httpVersionMajor: majorVersion, httpVersionMinor: minorVersion } = incoming
    const headers = incoming.headers as HttpHeaders
    const client = { ...clientOf(connection.peer, headers, this.#proxies), certificate: connection.certificate }
    return openRequest(this.#service, { majorVersion, minorVersion, method, path, query, headers, client })
  }

  /** What a peer that goes away in the middle has sent is forgotten with its request. */
  #receive(exchange: Exchange, opened: OpenRequest): void {
    const { incoming } = exchange
    const chunks: Buffer[] = []
    let bytes = 0
    const onChunk = (chunk: Buffer) => {
      bytes += chunk.byteLength
      if (bytes <= opened.route.bodyBytesMax) return void chunks.push(chunk)
      incoming.off('data', onChunk).off('end', onEnd)
      this.#refuse(exchange, tooLong(opened.route))
    }
    const onEnd = () => {
      opened.request.body = chunks.length === 1 ? chunks[0] as Buffer : Buffer.concat(chunks, bytes)
      this.#answer(exchange, opened)
    }
    incoming.on('data', onChunk).on('end', onEnd)
  }

  #answer(exchange: Exchange, { route, request }: OpenRequest): void {
    const answer = this.#service.answer(route, request)
    if (answer instanceof Promise) void answer.then((response) => this.#send(exchange, response))
    else this.#send(exchange, answer)
  }

  #send(exchange: Exchange, { status, headers, body }: HttpResponse): void {
    const { incoming, outgoing, connection } = exchange
    exchange.answered = true
    connection.open -= 1
    const isLast = this.#closing !== null || headers['connection'] === 'close'
    if (isLast) connection.refused = true // what stands behind it is nobody's
    if (outgoing.destroyed) return
    if (status === 401 || status === 403) this.#tellDenied(incoming, connection, status)
    const length = status === 204 ? {} : { 'content-length': Buffer.byteLength(body) } // RFC 9110 §8.6
    outgoing.writeHead(status, isLast ? { ...headers, ...length, connection: 'close' } : { ...headers, ...length })
    outgoing.end(body)
  }

  #tellDenied({ method, url = '', headers }: IncomingMessage, { peer }: Connection, status: number): void {
    const { address } = clientOf(peer, headers as HttpHeaders, this.#proxies)
    this.#onDenied(address, `${method} ${splitTarget(url).path}`, status)
  }

  /** Node reads away what is left of a body before the next request; only a short one is worth that. */
  #refuse(exchange: Exchange, response: HttpResponse): void {
    const { incoming, outgoing, connection } = exchange
    const { 'content-length': length, 'transfer-encoding': coding, expect } = incoming.headers
    const isShort = coding === undefined && expect === undefined && Number(length ?? 0) <= skippedBytesMax
    if (isShort) return this.#send(exchange, response)
    exchange.answered = true
    connection.refused = true
    refuseRequest(incoming, outgoing, response)
  }

  /** A head that is not complete counts as idle: its sender has no answer to lose. */
  async #close(ms: number): Promise<void> {
    for (const socket of [...this.#refusing, ...this.#announcing]) socket.destroy()
    const unbound = Promise.all(this.#listening.map((each) => each.close()))
    const gone = new Promise<void>((resolve) => {
      this.#onGone = resolve
    })
    this.#http.close() // ends its timers
    for (const [socket, { open }] of this.#connections) if (open === 0) socket.destroySoon()
    if (this.#connections.size === 0) this.#onGone()
    const cut = setTimeout(() => {
      for (const socket of this.#connections.keys()) socket.destroy()
    }, ms)
    await gone
    clearTimeout(cut)
    await unbound
  }
}

/**
 * Starts a server on Node's http.
 * @throws {ListenError} an address or port that cannot be bound; nothing listens.
 */
export async function startNodeHttpServer(options: HttpServerOptions): Promise<AdoptingHttpServer> {
  const server = new NodeHttpServer(options)
  await server.listen(options.addresses)
  return server
}
