/** The last answer on a connection: what is refused is told before the connection ends. Thread: main. */

import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { HttpResponse } from './http.js'
import { problem } from './problem.js'

/** How long what still comes is read away: closing at once would send a reset, which overtakes the answer. */
const lingerMs = 1000

function toText({ status, headers, body }: HttpResponse): string {
  const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' })
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines.map(([name, value]) => `${name}: ${value}`)]
  return `${head.join('\r\n')}\r\n\r\n${String(body)}`
}

/** Calls `end` when the other side is done or the time is over, whatever comes first. */
function linger(stream: Socket | IncomingMessage, end: () => void): void {
  const timer = setTimeout(end, lingerMs)
  stream.once('close', () => clearTimeout(timer))
  stream.once('end', end)
  stream.resume()
}

/** Answers where no request can be told from the bytes (any more), and ends the connection. The answer's body must be text. */
export function refuseConnection(socket: Socket, response: HttpResponse): void {
  socket.on('error', () => {}) // a peer that is gone has no use for the answer
  socket.end(toText(response))
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

/** The answer to an error of Node's parser. */
export function refusalOf({ code = '', message }: NodeJS.ErrnoException): HttpResponse {
  return refusals[code] ?? problem(400, `the request must be HTTP/1.1, got: ${message}`)
}
