/** A server of `?envelope=1` as docs/history.md has it, in TypeScript: topics with epochs and histories, connections that tests cut. */

import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'

interface Topic {
  epoch: string
  /** Offset of the first of `kept`. */
  first: number
  kept: string[]
}

interface Test {
  teardown(task: () => unknown): void
}

/** A text as the envelope has it. */
function dataOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

export class EnvelopeServer {
  /** Targets of all connections so far, without `/?`, decoded. */
  readonly targets: string[] = []
  /** Offered subprotocols of each. */
  readonly offers: string[] = []
  /** Publications that a topic keeps. */
  keeps = 1000
  /** Answers the next handshakes with a status, one each; null: lets in. */
  readonly answers: (number | null)[] = []
  readonly #server = new WebSocketServer({
    host: '127.0.0.1', port: 0, clientTracking: true,
    handleProtocols: (offered) => [...offered][0] ?? false,
    verifyClient: (_info, decide: (allowed: boolean, status?: number) => void) => {
      const status = this.answers.shift() ?? null
      decide(status === null, status ?? 200)
    },
  })
  readonly #topics = new Map<string, Topic>()
  readonly #subscribers = new Map<WebSocket, readonly string[]>()
  #epochs = 0

  private constructor() {
    this.#server.on('connection', (socket, request) => this.#onConnection(socket, request))
  }

  static async start(t: Test): Promise<EnvelopeServer> {
    const made = new EnvelopeServer()
    await once(made.#server, 'listening')
    t.teardown(() => {
      made.cut()
      made.#server.close()
    })
    return made
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get connections(): number {
    return this.#subscribers.size
  }

  /** @returns its position. */
  publish(name: string, text: string): string {
    const topic = this.#topic(name)
    topic.kept.push(text)
    const offset = topic.first + topic.kept.length - 1
    while (topic.kept.length > this.keeps) {
      topic.kept.shift()
      topic.first += 1
    }
    for (const [socket, names] of this.#subscribers) if (names.includes(name)) this.#send(socket, name, offset, text)
    return `${topic.epoch}-${offset}`
  }

  /** As a broker that was started anew and keeps nothing on disk. */
  forget(): void {
    this.#topics.clear()
  }

  /** Ends all connections: without a word, or with a close code. */
  cut(code?: number, reason = ''): void {
    for (const socket of this.#server.clients) {
      if (code === undefined) socket.terminate()
      else socket.close(code, reason)
    }
    this.#subscribers.clear()
  }

  /** Sends a frame of the test's own to everybody. */
  say(text: string | Buffer): void {
    for (const socket of this.#server.clients) socket.send(text)
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name) ?? { epoch: `epoch${this.#epochs++}`, first: 0, kept: [] }
    this.#topics.set(name, topic)
    return topic
  }

  #send(socket: WebSocket, name: string, offset: number, text: string): void {
    socket.send(JSON.stringify({ topic: name, epoch: this.#topic(name).epoch, offset, data: dataOf(text) }))
  }

  #onConnection(socket: WebSocket, { url = '', headers }: IncomingMessage): void {
    const { searchParams: query, search } = new URL(url, 'http://localhost')
    this.targets.push(decodeURIComponent(search.slice(1)))
    this.offers.push(headers['sec-websocket-protocol'] ?? '')
    const names = query.getAll('topic')
    const [since, last] = [query.getAll('since'), query.getAll('last')]
    for (const [at, name] of names.entries()) this.#replay(socket, name, since[at] ?? '', Number(last[at] ?? 0))
    this.#subscribers.set(socket, names)
    socket.on('close', () => this.#subscribers.delete(socket))
  }

  #replay(socket: WebSocket, name: string, since: string, last: number): void {
    const topic = this.#topic(name)
    const next = topic.first + topic.kept.length
    const [, epoch = '', offset = ''] = /^(\w+)-(-?\d+)$/.exec(since) ?? []
    let from = next - last
    if (since === 'beginning') from = topic.first
    else if (since !== '') {
      const known = epoch === topic.epoch
      from = known ? Number(offset) + 1 : topic.first
      const gap = known ? { from: `${epoch}-${from}`, to: `${epoch}-${topic.first - 1}`, skipped: topic.first - from } : { from: null, to: null, skipped: null }
      if (!known || from < topic.first) socket.send(JSON.stringify({ gap: { topic: name, ...gap } }))
    }
    for (let at = Math.max(from, topic.first); at < next; at += 1) this.#send(socket, name, at, topic.kept[at - topic.first] ?? '')
    socket.send(JSON.stringify({ live: `${topic.epoch}-${next - 1}`, topic: name }))
  }
}
