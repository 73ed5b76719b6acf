/** The last answer on a connection: what is refused is told before the connection ends. Thread: main. */

import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { HttpResponse } from './contract.js'
import { problem } from './problem.js'
import { otherVersion, refuseHost } from './request-head.js'

/** How long what still comes is read away: closing at once would send a reset, which overtakes the answer. */
const lingerMs = 1000

function toText({ status, headers, body }: HttpResponse, method: Refusal['method']): string {
  const length = String(Buffer.byteLength(body))
  const lines = Object.entries({ ...headers, 'content-length': length, date: new Date().toUTCString(), connection: 'close' })
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines.map(([name, value]) => `${name}: ${value}`)]
  return `${head.join('\r\n')}\r\n\r\n${method === 'HEAD' ? '' : String(body)}`
}

/** Calls `end` when the other side is done or the time is over, whatever comes first. */
function linger(stream: Socket | IncomingMessage, end: () => void): void {
  const timer = setTimeout(end, lingerMs)
  stream.once('close', () => clearTimeout(timer))
  stream.once('end', end)
  stream.resume()
}

/**
 * Answers where no request can be told from the bytes (any more), and ends the connection. The answer's body must be text, which HEAD
 * does not get.
 */
export function refuseConnection(socket: Socket, response: HttpResponse, method: Refusal['method'] = 'GET'): void {
  socket.on('error', () => {}) // a peer that is gone has no use for the answer
  socket.end(toText(response, method))
  linger(socket, () => socket.destroy())
}

/** Answers a request whose body is not wanted, reads some of it away, and ends the connection. */
export function refuseRequest(incoming: IncomingMessage, outgoing: ServerResponse, response: HttpResponse): void {
  outgoing.writeHead(response.status, {
    ...response.headers, 'content-length': Buffer.byteLength(response.body), connection: 'close',
  })
  outgoing.write(response.body)
  linger(incoming, () => outgoing.end())
}

const refusals: Readonly<Record<string, HttpResponse>> = {
  ERR_HTTP_REQUEST_TIMEOUT: problem(408, 'the request took too long to arrive'),
  HPE_HEADER_OVERFLOW: problem(431, 'the head of the request is too long'),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: problem(413, 'the extensions of a chunk are too long'),
}

const headEnd = '\r\n\r\n'
/** Node's parser gives up at a method that it does not know; whether that is one, and its request sound, is told from what it got. */
const requestLine = /^[!#$%&'*+.^_`|~0-9a-z-]+ [^\s]+ HTTP\/1\.([01])\r\n/i
const versionLine = /^[^\s]+ [^\s]+ HTTP\/(?!1)\d\.\d\r\n/i
const hostLine = /\r\nhost:[ \t]*([^\r\n]*?)[ \t]*\r\n/i

function refuseMethod(head: string): HttpResponse | null {
  const line = requestLine.exec(head)
  if (line === null) return null
  const [, host] = hostLine.exec(head) ?? []
  return refuseHost(host, Number(line[1])) ?? problem(501, 'nobody here knows this method')
}

/** By errors whose answer depends on the head. */
const judgeHead: Readonly<Record<string, (head: string) => HttpResponse | null>> = {
  HPE_INVALID_METHOD: refuseMethod,
  HPE_INVALID_VERSION: (head) => (versionLine.test(head) ? otherVersion : null),
}

/** What Node says of an error of its parser. */
export interface ParserError extends NodeJS.ErrnoException {
  /** The bytes that it was given last, and how many of them it took. */
  readonly rawPacket?: Buffer
  readonly bytesParsed?: number
}

/** The head that the parser gave up at, as far as it came in the same read. */
function headIn({ rawPacket, bytesParsed = 0 }: ParserError): string {
  if (rawPacket === undefined) return ''
  const text = rawPacket.toString('latin1')
  const previous = text.lastIndexOf(headEnd, bytesParsed - headEnd.length)
  return previous === -1 ? text : text.slice(previous + headEnd.length)
}

export interface Refusal {
  readonly response: HttpResponse
  /** What it answers; GET stands for all that are answered with a body. */
  readonly method: 'GET' | 'HEAD'
}

/** The answer to an error of Node's parser. */
export function refusalOf(error: ParserError): Refusal {
  const { code = '', message } = error
  const head = headIn(error)
  const known = refusals[code] ?? judgeHead[code]?.(head)
  const method = head.startsWith('HEAD ') ? 'HEAD' : 'GET'
  return { response: known ?? problem(400, `the request must be HTTP/1.1, got: ${message}`), method }
}
