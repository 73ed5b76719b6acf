/**
 * The engine's half of the session contract in plain TypeScript: topics with their subscribers, what each connection was sent,
 * in order. It holds what binding.ts promises: everything published after a join reaches the connection, nothing before it,
 * the greeting first, and nothing after a close.
 */

import type { ConnectionId, JoinOptions, PublishDetails, SessionCalls, SessionOptions } from '../../../src/native/binding.js'

export interface FakeConnection {
  readonly sent: string[]
  readonly topics: Map<string, JoinOptions>
  accepted: SessionOptions | null
  closed: { readonly code: number, readonly reason: string } | null
}

export interface Published {
  readonly topic: string
  readonly data: string
  readonly details: PublishDetails | null
}

/** An error as the engine throws it. */
export function engineError(code: string): Error {
  return Object.assign(new Error(`the engine refused, got: ${code}`), { code })
}

/** The topic pusher/<app>/<channel> without the app. */
function channelOf(topic: string): string {
  return topic.split('/').slice(2).join('/')
}

export class FakeSessionCalls implements SessionCalls {
  readonly connections = new Map<ConnectionId, FakeConnection>()
  readonly published: Published[] = []
  /** Code of the error that publish throws. */
  publishFails: string | null = null
  /** Code of the error that joinTopic throws. */
  joinFails: string | null = null
  /** Every call, for tests that count them. */
  calls = 0
  readonly #subscribers = new Map<string, Set<ConnectionId>>()

  /** Topics that have subscribers. */
  get topics(): number {
    return this.#subscribers.size
  }

  /** A connection was upgraded. */
  open(id: ConnectionId): FakeConnection {
    const connection: FakeConnection = { sent: [], topics: new Map(), accepted: null, closed: null }
    this.connections.set(id, connection)
    return connection
  }

  /** A connection has ended: its subscriptions are gone. */
  end(id: ConnectionId): void {
    for (const topic of this.connections.get(id)?.topics.keys() ?? []) this.#remove(id, topic)
    this.connections.delete(id)
  }

  publish(topic: string, payload: string | Uint8Array, details: PublishDetails | null): number {
    this.calls++
    if (this.publishFails !== null) throw engineError(this.publishFails)
    const data = String(payload)
    this.published.push({ topic, data, details })
    const user = details?.userId === null || details?.userId === undefined ? {} : { user_id: details.userId }
    const text = JSON.stringify({ event: details?.event ?? 'message', channel: channelOf(topic), data, ...user })
    for (const id of this.#subscribers.get(topic) ?? []) {
      if (id !== details?.excluded) this.#opened(id)?.sent.push(text)
    }
    return this.published.length - 1
  }

  acceptSession(id: ConnectionId, options: SessionOptions): void {
    this.calls++
    const connection = this.#opened(id)
    if (connection === null) return
    if (connection.accepted !== null || connection.sent.length > 0) throw new Error(`acceptSession must be the first call, got: ${id} twice`)
    connection.accepted = options
  }

  sendToSession(id: ConnectionId, text: string): void {
    this.calls++
    this.#opened(id)?.sent.push(text)
  }

  joinTopic(id: ConnectionId, topic: string, options: JoinOptions): void {
    this.calls++
    if (this.joinFails !== null) throw engineError(this.joinFails)
    if (topic.length > 200) throw engineError('ERR_TOPIC')
    const connection = this.#opened(id)
    if (connection === null) return
    connection.topics.set(topic, options)
    connection.sent.push(...options.greeting)
    const subscribers = this.#subscribers.get(topic) ?? new Set()
    this.#subscribers.set(topic, subscribers.add(id))
  }

  leaveTopic(id: ConnectionId, topic: string): void {
    this.calls++
    this.#remove(id, topic)
    this.connections.get(id)?.topics.delete(topic)
  }

  closeSession(id: ConnectionId, code: number, reason: string): void {
    this.calls++
    const connection = this.#opened(id)
    if (connection !== null) connection.closed = { code, reason }
  }

  #opened(id: ConnectionId): FakeConnection | null {
    const connection = this.connections.get(id)
    return connection === undefined || connection.closed !== null ? null : connection
  }

  #remove(id: ConnectionId, topic: string): void {
    const subscribers = this.#subscribers.get(topic)
    if (subscribers?.delete(id) === true && subscribers.size === 0) this.#subscribers.delete(topic)
  }
}
