/**
 * HTTP by uWebSockets.js. What it does not let us decide: malformed heads are answered by itself or not at all, heads have ten
 * seconds, connections are counted by versions that have `filter` only, several requests may only be sent ahead to routes that answer at once. Thread: main.
 */

import { STATUS_CODES } from 'node:http'
import { listenOnAll, listenWithNet, type Listen, type Listening } from './bind.js'
import {
  headBytesMax, headersMax, type BoundHttp, type HttpHeaders, type HttpLimits, type HttpResponse, type HttpServer, type HttpServerOptions,
  type HttpService,
} from './contract.js'
import { problem } from './problem.js'
import { ends, openRequest, tooLong, tooManyHeaders, type OpenRequest } from './request-head.js'
import type { UwsApp, UwsListenSocket, UwsModule, UwsRequest, UwsResponse } from './uws-module.js'

/** Requests that arrive slowly are looked at this often at least. */
const timeoutCheckMs = 1000

/** One request and the place for its answer, which must not be touched after `ended`. */
interface Exchange {
  readonly place: UwsResponse
  readonly method: string
  /** The client wants it to be the last one. */
  closes: boolean
  /** On performance.now()'s clock: when the whole request must be here. */
  readonly deadline: number
  ended: boolean
}

/** RFC 9110 §5.1 and §5.5: it takes any. */
const soundName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
const soundValue = /^[^\0-\x08\x0a-\x1f\x7f]*$/
const listsClose = /(^|,)[ \t]*close[ \t]*(,|$)/i
/** Beside a header's name and value: colon, space, line end. */
const headerBytes = 4

interface Headers {
  readonly headers: HttpHeaders
  readonly count: number
  /** Of all of them. */
  readonly bytes: number
  readonly areSound: boolean
}

function headersOf(request: UwsRequest): Headers {
  const headers: Record<string, string> = { __proto__: null as never }
  let [count, bytes, areSound] = [0, 0, true]
  request.forEach((name, value) => {
    count += 1
    bytes += name.length + value.length + headerBytes
    areSound &&= soundName.test(name) && soundValue.test(value)
    const before = headers[name]
    headers[name] = before === undefined ? value : `${before}, ${value}`
  })
  return { headers, count, bytes, areSound }
}

/** What every other server refuses before it comes to a head's meaning. */
function refuseHead({ count, bytes, areSound, headers: { expect } }: Headers): HttpResponse | null {
  if (count > headersMax) return tooManyHeaders()
  if (bytes > headBytesMax) return problem(431, `the head of the request must be at most ${headBytesMax} bytes`, ends)
  if (!areSound) return problem(400, 'a header must be a name, a colon and one line of text', ends)
  // Spelled otherwise it is not recognized, and the client would wait for an answer to it.
  if (expect !== undefined && expect !== '100-continue') return problem(417, 'nothing but 100-continue may be expected', ends)
  return null
}

/**
 * Given a length, uWebSockets.js waits for that body and takes the next request for a mistake: the header is ours. It does not end a
 * connection behind it either: the client does, or the silence that follows.
 */
function endWithoutBody(place: UwsResponse, length: number, closes: boolean): void {
  place.writeHeader('content-length', String(length)).writeHeader('connection', closes ? 'close' : 'keep-alive').endWithoutBody()
}

/** Node tries first: uWebSockets.js does not say why it cannot listen. */
function listenWithUws(uws: UwsModule, app: UwsApp): Listen {
  const probe = listenWithNet((socket) => void socket.destroy())
  return async (address, wanted) => {
    const tried = await probe(address, wanted)
    await tried.close()
    const { port } = tried
    const socket = await new Promise<UwsListenSocket | false>((resolve) => {
      app.listen(address, port, uws.LIBUS_LISTEN_EXCLUSIVE_PORT, resolve)
    })
    if (socket === false) throw Object.assign(new Error(`somebody else took port ${port}`), { code: 'EADDRINUSE' })
    return { address, port, close: async () => uws.us_listen_socket_close(socket) }
  }
}

class UwsHttpServer implements HttpServer {
  readonly #uws: UwsModule
  readonly #app: UwsApp
  readonly #service: HttpService
  readonly #limits: HttpLimits
  #connections = 0
  readonly #exchanges = new Set<Exchange>()
  /** Of those, the ones whose bodies are not here yet, oldest first. */
  readonly #uploads = new Set<Exchange>()
  readonly #timeouts: NodeJS.Timeout
  #listening: readonly Listening[] = []
  #closing: Promise<void> | null = null
  #onIdle: () => void = () => {}

  constructor(uws: UwsModule, { service, limits }: HttpServerOptions) {
    this.#uws = uws
    this.#service = service
    this.#limits = limits
    this.#app = uws.App()
    this.#app.filter?.((connection, count) => this.#count(connection, count))
    this.#app.any('/*', (place, request) => this.#serve(place, request))
    const checkMs = Math.max(10, Math.min(timeoutCheckMs, Math.floor(limits.requestMs / 4)))
    this.#timeouts = setInterval(() => this.#refuseLate(), checkMs).unref()
  }

  get bound(): readonly BoundHttp[] {
    return this.#listening.map(({ address, port }) => ({ address, port }))
  }

  async listen(addresses: HttpServerOptions['addresses']): Promise<void> {
    try {
      this.#listening = await listenOnAll(addresses, listenWithUws(this.#uws, this.#app))
    } catch (error) {
      clearInterval(this.#timeouts)
      throw error
    }
  }

  close(ms: number): Promise<void> {
    this.#closing ??= this.#close(ms)
    return this.#closing
  }

  /** One over the bound is closed without a word: there is no request yet that could be answered. */
  #count(connection: UwsResponse, count: number): void {
    this.#connections += count
    if (count > 0 && this.#connections > this.#limits.connectionsMax) connection.close()
  }

  #serve(place: UwsResponse, request: UwsRequest): void {
    const method = request.getCaseSensitiveMethod()
    const exchange: Exchange = { place, method, closes: false, deadline: performance.now() + this.#limits.requestMs, ended: false }
    this.#exchanges.add(exchange)
    place.onAborted(() => this.#end(exchange))
    const opened = this.#open(exchange, request)
    if (!('route' in opened)) return this.#send(exchange, opened)
    if (opened.bodyBytes === 0) return this.#answer(exchange, opened)
    this.#receive(exchange, opened)
  }

  #open(exchange: Exchange, request: UwsRequest): OpenRequest | HttpResponse {
    const { connectionsMax } = this.#limits
    const isOver = this.#exchanges.size > connectionsMax || this.#closing !== null
    if (isOver) return problem(503, `there are ${connectionsMax} requests already, or the server is closing`, { 'retry-after': '1' })
    const head = headersOf(request)
    const { headers } = head
    exchange.closes = listsClose.test(headers['connection'] ?? '')
    const refusal = refuseHead(head)
    if (refusal !== null) return refusal
    const path = request.getUrl()
    const opened = openRequest(this.#service, { majorVersion: 1, minorVersion: 1, method: exchange.method, path, query: request.getQuery() ?? '', headers })
    // It takes whatever stands where a chunk should end: a message would be cut short, and what is behind it another request.
    return 'route' in opened && opened.bodyBytes === null ? problem(411, 'the length of the body must be told: chunks are not taken here', ends) : opened
  }

  /** uWebSockets.js reads away what is left of a refused body. */
  #receive(exchange: Exchange, opened: OpenRequest): void {
    const chunks: Buffer[] = []
    let bytes = 0
    this.#uploads.add(exchange)
    exchange.place.onData((chunk, isLast) => {
      if (exchange.ended) return
      bytes += chunk.byteLength
      if (bytes > opened.route.bodyBytesMax) return this.#send(exchange, tooLong(opened.route))
      if (chunk.byteLength > 0) chunks.push(Buffer.from(chunk.slice(0)))
      if (!isLast) return
      this.#uploads.delete(exchange)
      opened.request.body = chunks.length === 1 ? chunks[0] as Buffer : Buffer.concat(chunks, bytes)
      this.#answer(exchange, opened)
    })
  }

  #answer(exchange: Exchange, { route, request }: OpenRequest): void {
    const answer = this.#service.answer(route, request)
    if (answer instanceof Promise) void answer.then((response) => this.#send(exchange, response))
    else this.#send(exchange, answer)
  }

  /**
   * A request behind the last answer, of the same read, would still be served, and the connection stay open (RFC 9112 §9.6). Behind one
   * that is not answered yet it ends the connection instead: so the last answer waits until all of a read has been looked at.
   */
  #send(exchange: Exchange, response: HttpResponse): void {
    if (exchange.ended) return
    const closes = this.#closing !== null || exchange.closes || response.headers['connection'] === 'close'
    this.#uploads.delete(exchange)
    if (closes) setImmediate(() => this.#write(exchange, response, closes))
    else this.#write(exchange, response, closes)
  }

  #write(exchange: Exchange, { status, headers, body }: HttpResponse, closes: boolean): void {
    if (exchange.ended) return
    const { place, method } = exchange
    place.cork(() => {
      place.writeStatus(`${status} ${STATUS_CODES[status] ?? ''}`)
      for (const [name, value] of Object.entries(headers)) if (name !== 'connection') place.writeHeader(name, value)
      if (method === 'HEAD') endWithoutBody(place, Buffer.byteLength(body), closes)
      else place.end(body, closes)
    })
    this.#end(exchange)
  }

  #end(exchange: Exchange): void {
    exchange.ended = true
    this.#uploads.delete(exchange)
    this.#exchanges.delete(exchange)
    if (this.#exchanges.size === 0) this.#onIdle()
  }

  #refuseLate(): void {
    const now = performance.now()
    for (const exchange of this.#uploads) {
      if (exchange.deadline > now) return
      this.#send(exchange, problem(408, 'the request took too long to arrive', { connection: 'close' }))
    }
  }

  async #close(ms: number): Promise<void> {
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
    await Promise.all(this.#listening.map((each) => each.close()))
    const cut = setTimeout(() => this.#onIdle(), ms)
    if (this.#exchanges.size > 0) await idle
    clearTimeout(cut)
    clearInterval(this.#timeouts)
    for (const { place } of [...this.#exchanges]) place.close()
    this.#app.close?.()
  }
}

/**
 * Starts a server on uWebSockets.js.
 * @throws {ListenError} an address or port that cannot be bound; nothing listens.
 */
export async function startUwsHttpServer(uws: UwsModule, options: HttpServerOptions): Promise<HttpServer> {
  const server = new UwsHttpServer(uws, options)
  await server.listen(options.addresses)
  return server
}
