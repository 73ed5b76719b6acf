/** What a broker's connections are asked and told: a question goes to every shard, and their answers become one. */

import { formatEndpoint } from './endpoint.js'
import { ClosedError } from './errors.js'
import type {
  BoundListener, ConnectionOrder, ConnectionQuery, ConnectionRemovedEvent, ConnectionRow, ConnectionsEvent, EngineOptions, NativeEngine, ConnectionProtocol,
} from './native/binding.js'

export interface ConnectionsQuery {
  readonly protocol?: ConnectionProtocol | undefined
  /** The address it came in by, such as `127.0.0.1:8001`. */
  readonly listener?: string | undefined
  /** What its peer's address begins with. */
  readonly peer?: string | undefined
  /** What the name of one of its topics begins with. */
  readonly topic?: string | undefined
  /** Of its credential, whole. */
  readonly subject?: string | undefined
  /** Largest first (`age`: oldest first). Default: `id`. */
  readonly sort?: ConnectionOrder | undefined
  /** 1..1000, default 100. */
  readonly limit?: number | undefined
  /** `next` of an earlier answer with the same `sort`. */
  readonly after?: string | undefined
}

/** A connection, as people are told of it. */
export interface ConnectionInfo extends Omit<ConnectionRow, 'value' | 'listener' | 'acceptedS'> {
  /** The address it came in by, such as `127.0.0.1:8001`. */
  readonly listener: string
  /** When it was accepted, such as `2026-11-27T08:00:00.000Z`. */
  readonly since: string
}

export interface ConnectionList {
  /** How many there are that match, over all pages. */
  readonly total: number
  readonly connections: readonly ConnectionInfo[]
  /** `after` for the next page; null: this is the last one. */
  readonly next: string | null
}

export const connectionOrders: readonly ConnectionOrder[] = ['id', 'age', 'messagesIn', 'messagesOut', 'bytesIn', 'bytesOut', 'pendingBytes', 'throttledMs']
export const connectionsLimitMax = 1000
const limitDefault = 100
/** Questions at one time: each is work for every shard. */
const asksMax = 8
/** A shard that does not answer for so long is stuck. */
const answerMs = 5000

/** More is asked than is answered; try again. */
export class BusyError extends Error {
  readonly code = 'ERR_BUSY'
  override name = 'BusyError'
}

interface Ask {
  readonly answers: (ConnectionsEvent | ConnectionRemovedEvent)[]
  readonly wanted: number
  readonly timer: NodeJS.Timeout
  readonly settle: (error: Error | null) => void
}

function placeOf(after: string): ConnectionQuery['after'] {
  const [, value, id] = /^(\d{1,16})-(\d{1,16})$/.exec(after) ?? []
  const place = { value: Number(value), id: Number(id) }
  const isPlace = Number.isSafeInteger(place.value) && Number.isSafeInteger(place.id)
  if (!isPlace) throw new RangeError(`after must be what an earlier answer had as next, got: ${after}`)
  return place
}

export class Connections {
  readonly #engine: NativeEngine
  readonly #options: Pick<EngineOptions, 'listeners' | 'shards'>
  readonly #patienceMs: number
  readonly #asks = new Map<number, Ask>()
  #last = 0

  /** `patienceMs`: how long the answers may take. */
  constructor(engine: NativeEngine, options: Pick<EngineOptions, 'listeners' | 'shards'>, patienceMs = answerMs) {
    this.#patienceMs = patienceMs
    this.#engine = engine
    this.#options = options
  }

  /**
   * A page of the connections that match, and how many there are. Every shard looks at all of its own, a few in each turn: for a page that a
   * person reads, not for every second. It rejects with a RangeError (a value out of range), or an Error with `code` ERR_BUSY or ERR_CLOSED.
   */
  async list({ sort = 'id', limit = limitDefault, ...query }: ConnectionsQuery = {}): Promise<ConnectionList> {
    if (!(Number.isInteger(limit) && limit >= 1 && limit <= connectionsLimitMax)) throw new RangeError(`limit must be 1..${connectionsLimitMax}, got: ${limit}`)
    if (!connectionOrders.includes(sort)) throw new RangeError(`sort must be one of ${connectionOrders.join(', ')}, got: ${sort}`)
    const after = query.after === undefined ? null : placeOf(query.after)
    const listener = query.listener === undefined ? null : this.#indexOf(query.listener)
    const { protocol = null, peer = null, topic = null, subject = null } = query
    const answers = await this.#ask<ConnectionsEvent>(this.#options.shards, (ask) => {
      this.#engine.findConnections(ask, { protocol, listener, peer, topic, subject, order: sort, limit: limit + 1, after })
    })
    const rows = answers.flatMap((answer) => answer.rows).sort((a, b) => b.value - a.value || a.id - b.id)
    const last = rows[limit - 1]
    return {
      total: answers.reduce((sum, { matches }) => sum + matches, 0),
      connections: rows.slice(0, limit).map((row) => this.#infoOf(row)),
      next: rows.length > limit && last !== undefined ? `${last.value}-${last.id}` : null,
    }
  }

  /**
   * Ends a connection, in its protocol's words (WebSocket: 1008).
   * @returns whether there was one of that id, not ending already. It rejects as `list` does.
   */
  async remove(id: number): Promise<boolean> {
    if (!(Number.isSafeInteger(id) && id >= 1)) throw new RangeError(`id must be a whole number from 1, got: ${id}`)
    let possible = true
    const answers = await this.#ask<ConnectionRemovedEvent>(1, (ask) => {
      possible = this.#engine.removeConnection(ask, id)
      return possible
    })
    return possible && answers.some(({ found }) => found)
  }

  /** For the broker. */
  onAnswer(event: ConnectionsEvent | ConnectionRemovedEvent): void {
    const ask = this.#asks.get(event.ask)
    if (ask === undefined) return // it was answered too late
    ask.answers.push(event)
    if (ask.answers.length === ask.wanted) ask.settle(null)
  }

  /** For the broker: the engine has ended. */
  end(): void {
    for (const ask of [...this.#asks.values()]) ask.settle(new ClosedError())
  }

  #ask<Answer extends ConnectionsEvent | ConnectionRemovedEvent>(wanted: number, begin: (ask: number) => boolean | void): Promise<Answer[]> {
    return new Promise((resolve, reject) => {
      if (this.#asks.size >= asksMax) throw new BusyError(`${asksMax} questions about connections are being answered`)
      const number = ++this.#last
      const answers: Answer[] = []
      const settle = (error: Error | null): void => {
        clearTimeout(timer)
        this.#asks.delete(number)
        if (error === null) resolve(answers)
        else reject(error)
      }
      const timer = setTimeout(() => settle(new BusyError(`a shard has not answered for ${this.#patienceMs} ms`)), this.#patienceMs)
      this.#asks.set(number, { answers, wanted, timer, settle })
      try {
        if (begin(number) === false) settle(null)
      } catch (error) {
        settle(error as Error)
      }
    })
  }

  /** Of a port that the system picked, too. */
  #listenerText(index: number): string {
    const listener = this.#options.listeners[index]
    if (listener === undefined) return ''
    const isIt = (each: BoundListener) => each.protocol === listener.protocol && each.address === listener.address && [0, each.port].includes(listener.port)
    return formatEndpoint(listener.address, this.#engine.listeners.find(isIt)?.port ?? listener.port)
  }

  #indexOf(text: string): number {
    const index = this.#options.listeners.findIndex((_, at) => this.#listenerText(at) === text)
    if (index < 0) throw new RangeError(`listener must be an address that is listened on, got: ${text}`)
    return index
  }

  #infoOf({ value: _, listener, acceptedS, ...row }: ConnectionRow): ConnectionInfo {
    return { ...row, listener: this.#listenerText(listener), since: new Date(acceptedS * 1000).toISOString() }
  }
}
