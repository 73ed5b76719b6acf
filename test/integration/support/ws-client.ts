/** Clients of npm's `ws` that keep what they receive. */

import type { IncomingMessage } from 'node:http'
import { WebSocket, type ClientOptions } from 'ws'
import { soon } from './eventually.js'

interface Test {
  teardown(task: () => unknown): void
}

export interface Received {
  readonly payload: Buffer
  readonly binary: boolean
}

export interface Client {
  readonly socket: WebSocket
  /** Everything so far, oldest first. */
  readonly received: readonly Received[]
  /** The payloads so far as text. */
  texts(): string[]
  /** Resolves when at least `count` messages have come in all; rejects when the connection ends before. */
  has(count: number): Promise<void>
  /** Sends one message; resolves when the kernel has taken it. */
  send(payload: string | Uint8Array): Promise<void>
  /** The close frame received, 1006 without one. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

function wrap(socket: WebSocket): Client {
  const received: Received[] = []
  let waiting: { count: number; resolve: () => void; reject: (error: Error) => void }[] = []
  socket.on('message', (payload: Buffer, binary) => {
    received.push({ payload, binary })
    for (const { count, resolve } of waiting) if (received.length >= count) resolve()
    waiting = waiting.filter(({ count }) => received.length < count)
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => {
      for (const { count, reject } of waiting) {
        reject(new Error(`closed with ${code} after ${received.length} of ${count} messages`))
      }
      resolve({ code, reason: reason.toString() })
    })
  })
  return {
    socket, received, closed,
    texts: () => received.map(({ payload }) => payload.toString()),
    has(count) {
      if (received.length >= count) return Promise.resolve()
      const come = new Promise<void>((resolve, reject) => waiting.push({ count, resolve, reject }))
      return soon(() => `${count} messages, got: ${received.length}`, come)
    },
    send: (payload) => new Promise((resolve, reject) => {
      socket.send(payload, (error) => (error ? reject(error) : resolve()))
    }),
  }
}

/** Connects; resolves when the handshake is done. */
export function connect(t: Test, url: string, options: ClientOptions = {}): Promise<Client> {
  const socket = new WebSocket(url, { perMessageDeflate: false, ...options })
  t.teardown(() => socket.terminate())
  const client = wrap(socket) // before the handshake: a message may come in one packet with its answer
  const opened = new Promise<Client>((resolve, reject) => {
    socket.once('open', () => resolve(client))
    socket.on('error', reject) // afterwards it only precedes a 'close'
  })
  return soon(`a handshake with ${url}`, opened)
}

/** Several clients of one URL, connecting at once. */
export function connectMany(t: Test, count: number, url: string, options: ClientOptions = {}): Promise<Client[]> {
  return Promise.all(Array.from({ length: count }, () => connect(t, url, options)))
}

export interface Refusal {
  readonly status: number | undefined
  readonly text: string
}

async function read(response: IncomingMessage): Promise<Refusal> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk)
  return { status: response.statusCode, text }
}

/** The answer to a handshake that must be refused. */
export function refusalOf(t: Test, url: string, options: ClientOptions = {}): Promise<Refusal> {
  const socket = new WebSocket(url, options)
  t.teardown(() => socket.terminate())
  return soon(`a refusal by ${url}`, new Promise((resolve, reject) => {
    socket.once('open', () => reject(new Error(`${url} must be refused, got: 101`)))
    socket.on('error', reject)
    socket.once('unexpected-response', (request, response) => {
      read(response).then(resolve, reject).finally(() => request.destroy())
    })
  }))
}
