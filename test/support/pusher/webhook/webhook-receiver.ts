/** An endpoint of webhooks: a real HTTP server on a free port of the loopback that answers as a test says. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Whose connection it came over, from 1. */
  readonly connection: number
}

/** Answers a request, or leaves it without an answer. */
export type Answer = (response: ServerResponse, received: Received) => void

export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(code, headers).end()
}

interface Test {
  teardown(task: () => unknown): void
}

/** Waits for a condition; a test that waits in vain ends by its time limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setTimeout(1)
}

/** Counts the heads of answers that have arrived at clients of this process, from now on. */
export function headsArrived(t: Test): () => number {
  const channel = 'http.client.response.finish' // published when the head is there
  let count = 0
  const onHead = () => {
    count++
  }
  subscribe(channel, onHead)
  t.teardown(() => unsubscribe(channel, onHead))
  return () => count
}

export class WebhookReceiver {
  readonly received: Received[] = []
  /** How requests are answered from now on. */
  answer: Answer = status(200)
  /** Connections that are. */
  open = 0
  readonly #server: Server
  readonly #sockets = new Map<Socket, number>()

  constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        const received = {
          method: request.method ?? '', path: request.url ?? '', headers: request.headers,
          body: Buffer.concat(parts).toString(), connection: this.#sockets.get(request.socket) ?? 0,
        }
        this.received.push(received)
        this.answer(response, received)
      })
    })
    this.#server.on('connection', (socket) => {
      this.#sockets.set(socket, this.#sockets.size + 1)
      this.open++
      socket.on('close', () => this.open--)
    })
  }

  /** Connections that have been. */
  get connections(): number {
    return this.#sockets.size
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`
  }

  /** Names and channels of all events that came, in their order. */
  get events(): Record<string, unknown>[] {
    return this.received.flatMap(({ body }) => (JSON.parse(body) as { events: Record<string, unknown>[] }).events)
  }

  async start(t: Test): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    t.teardown(() => {
      this.#server.closeAllConnections()
      this.#server.close()
    })
    await once(this.#server, 'listening')
    return this
  }

  /** Waits for the request with this number, from 1. */
  async request(number: number): Promise<Received> {
    await until(() => this.received.length >= number)
    return this.received[number - 1] as Received
  }
}
