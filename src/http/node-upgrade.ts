/** A request that asks for another protocol, met by Node's server: given back to who accepted its connection, or served as any other. Thread: main. */

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { TakeBack } from './contract.js'
import { refuseConnection } from './node-refusal.js'
import { problem } from './problem.js'

/** Node has let go of the socket with it. `rest`: what came behind the head in the same read. */
export interface UpgradeRequest {
  readonly incoming: IncomingMessage
  readonly socket: Socket
  readonly rest: Buffer
}

const webSocket = /(^|,)[ \t]*websocket[ \t]*(,|$)/i

export function asksForWebSocket({ headers: { upgrade = '' } }: IncomingMessage): boolean {
  return webSocket.test(upgrade)
}

/** The head as it came, but for white space around values. `without`: a header to leave out, in small letters. */
function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage, without = ''): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2)
    if (name.toLowerCase() !== without) lines.push(`${name}: ${value}`)
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

/** What Node has read and nobody has asked for: nothing more comes before the present task ends. */
function takeUnread(socket: Socket): Buffer[] {
  const chunks: Buffer[] = []
  for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null) chunks.push(chunk)
  return chunks
}

/** Node documents it nowhere and has always had it there; -1 without one. */
function descriptorOf(socket: Socket): number {
  return (socket as unknown as { readonly _handle: { readonly fd?: number } | null })._handle?.fd ?? -1
}

/** Closing our descriptor leaves the connection alone: by then there is another one. Where there is none, it is told 503. */
export function giveBack({ incoming, socket, rest }: UpgradeRequest, takeBack: TakeBack): void {
  socket.on('error', () => {})
  try {
    takeBack(descriptorOf(socket), Buffer.concat([headOf(incoming), rest, ...takeUnread(socket)]))
    socket.destroy()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    refuseConnection(socket, problem(503, `the upgrade cannot be served: ${why}`, { 'retry-after': '1' }))
  }
}

/**
 * RFC 9110 §7.8: what is asked may be ignored. Node's server could do so only before it let go: it is given the request anew, by `serve`.
 */
export function serveWithoutUpgrade({ incoming, socket, rest }: UpgradeRequest, serve: (socket: Socket) => void): void {
  socket.unshift(Buffer.concat([headOf(incoming, 'upgrade'), rest]))
  serve(socket)
  socket.resume()
}
