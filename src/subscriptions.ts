/** Subscribers within this process: from the engine's queues to their listeners. */

import { formatGot } from './config/parse.js'
import type { HeardMessage, NativeEngine } from './native/binding.js'

/** A publication, as a listener of Broker.subscribe gets it. */
export interface Message extends HeardMessage {
  readonly topic: string
}

export type MessageListener = (message: Message) => void

/** What may wait for a listener; over it the oldest publications are dropped, and counted. */
export interface SubscribeOptions {
  /** 1..1000000. Default: 10000. */
  readonly messagesMax?: number
  /** Bytes of payloads, 1..1073741824. Default: 8 MiB. */
  readonly bytesMax?: number
}

export interface Subscription {
  readonly topic: string
  /** Publications that were dropped so far, because the listener did not keep up. */
  readonly dropped: number
  /** The listener is not called any more, what waits is let go of. Idempotent. */
  unsubscribe(): void
  [Symbol.dispose](): void
  [Symbol.asyncDispose](): Promise<void>
}

const messagesMaxDefault = 10_000
const bytesMaxDefault = 8 * 2 ** 20
/** Listeners of others, and everything else, get their turn after so many. */
const messagesPerTurn = 256

type Engine = Pick<NativeEngine, 'listen' | 'hear' | 'unlisten' | 'dropped'>

class Listening implements Subscription {
  readonly topic: string
  readonly listener: MessageListener
  readonly #id: number
  readonly #engine: Engine
  readonly #onEnd: (id: number) => void
  #droppedAtEnd: number | null = null

  constructor(topic: string, listener: MessageListener, id: number, engine: Engine, onEnd: (id: number) => void) {
    this.topic = topic
    this.listener = listener
    this.#id = id
    this.#engine = engine
    this.#onEnd = onEnd
  }

  get ended(): boolean {
    return this.#droppedAtEnd !== null
  }

  get dropped(): number {
    return this.#droppedAtEnd ?? this.#engine.dropped(this.#id)
  }

  unsubscribe(): void {
    if (this.ended) return
    this.#droppedAtEnd = this.#engine.dropped(this.#id)
    this.#engine.unlisten(this.#id)
    this.#onEnd(this.#id)
  }

  [Symbol.dispose](): void {
    this.unsubscribe()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.unsubscribe()
  }
}

export class Subscriptions {
  readonly #engine: Engine
  readonly #onError: (error: unknown) => void
  readonly #listening = new Map<number, Listening>()

  /** `onError`: what a listener threw; it must not throw. */
  constructor(engine: Engine, onError: (error: unknown) => void) {
    this.#engine = engine
    this.#onError = onError
  }

  /** See Broker.subscribe. */
  add(topic: string, listener: MessageListener, { messagesMax, bytesMax }: SubscribeOptions = {}): Subscription {
    if (typeof topic !== 'string') throw new TypeError(`topic must be a string, got: ${formatGot(topic)}`)
    if (typeof listener !== 'function') throw new TypeError(`listener must be a function, got: ${formatGot(listener)}`)
    const id = this.#engine.listen(topic, { messagesMax: messagesMax ?? messagesMaxDefault, bytesMax: bytesMax ?? bytesMaxDefault })
    const listening = new Listening(topic, listener, id, this.#engine, (ended) => this.#listening.delete(ended))
    this.#listening.set(id, listening)
    return listening
  }

  /** Something waits for this one: a part of it now, and the rest in later turns of the event loop. */
  onHeard(id: number): void {
    if (this.#deliver(id) === messagesPerTurn) setImmediate(() => this.onHeard(id))
  }

  /** Nothing is published any more. With `flush`, what waits is heard first. */
  end(flush: boolean): void {
    for (const [id, listening] of this.#listening) {
      while (flush && this.#deliver(id) > 0) { /* until nothing waits */ }
      listening.unsubscribe()
    }
  }

  /** @returns how many publications it took. */
  #deliver(id: number): number {
    const listening = this.#listening.get(id)
    if (listening === undefined) return 0
    const messages = this.#engine.hear(id, messagesPerTurn)
    for (const message of messages) {
      if (listening.ended) break
      try {
        listening.listener({ topic: listening.topic, ...message })
      } catch (error) {
        this.#onError(error)
      }
    }
    return messages.length
  }
}
