/** A running broker: the engine's calls and events, typed, with one life from createBroker to close. */

import { EventEmitter } from 'node:events'
import { closeSync } from 'node:fs'
import { isUint8Array } from 'node:util/types'
import type { BrokerEvents, BrokerListener, CloseOptions, StartEngine } from './broker-contract.js'
import { formatGot } from './config/parse.js'
import { Connections } from './connections.js'
import { ClosedError } from './errors.js'
import { forgetAtExit, stopAtExit } from './exit-guard.js'
import type { BrokerExtension, ExtensionPort } from './extension.js'
import { Counters, portOf } from './extension-port.js'
import { readHistory, type HistoryOptions, type TopicHistory } from './history.js'
import type { BoundHttp } from './http/contract.js'
import type { BoundListener, EngineEvent, EngineStats, NativeEngine, SkippedListener, TopicStats, Tuning } from './native/binding.js'
import type { ShownOptions } from './native/tls.js'
import { Subscriptions, type MessageListener, type SubscribeOptions, type Subscription } from './subscriptions.js'

export type { BrokerEvents, BrokerListener, CloseOptions, StartEngine }

const drainMsMax = 3_600_000
const topicStatsMax = 100_000
const drainGraceMs = 1000 // behind drainMs and closeMs: then a drain that has not ended is cut
const giveBackMs = 5000 // how often memory that was needed for a while is given back
const extensionCloseMs = 1000 // what extensions get for their end when the engine has ended

/** Comes from createBroker. Events arrive on the thread that created it, oldest first. */
export class Broker {
  /** What the engine runs with: every default resolved. */
  readonly options: ShownOptions
  /** Who is connected, and ending one. */
  readonly connections: Connections
  /** For extensions; not part of the package's interface. */
  readonly port: ExtensionPort
  readonly #drainMs: number
  readonly #engine: NativeEngine
  readonly #emitter = new EventEmitter<BrokerEvents>()
  readonly #extensions: BrokerExtension[] = []
  readonly #counters: Counters
  readonly #subscriptions: Subscriptions
  readonly #giveBack: NodeJS.Timeout
  #connectionEvents = false
  #ended = false
  #closing: Promise<boolean> | null = null
  #draining = false
  #extensionsEnd: Promise<unknown> = Promise.resolve()
  #onEnd: (drained: boolean) => void = () => {}

  /** For createBroker; not part of the package's interface. */
  constructor(options: ShownOptions, drainMs: number, start: StartEngine) {
    this.options = options
    this.#drainMs = drainMs
    this.#engine = start((events) => this.#dispatch(events))
    stopAtExit(this.#engine)
    this.#giveBack = setInterval(() => this.#engine.giveBack(), giveBackMs).unref()
    this.#counters = new Counters(this.#engine)
    this.port = portOf(this.#engine, this.#counters, (event) => this.#emitter.emit('warning', event))
    this.connections = new Connections(this.#engine, options)
    this.#subscriptions = new Subscriptions(this.#engine, (error) => this.#throwLater(error))
  }

  /** For createBroker: adds what works on top of the engine. Before the present task ends no event can have come. */
  attach(extension: BrokerExtension): void {
    this.#extensions.push(extension)
  }

  /** Where the HTTP API listens; none without it. */
  get api(): readonly BoundHttp[] {
    return this.#extensions.flatMap(({ bound = [] }) => bound)
  }

  /** Whether close has been called. */
  get draining(): boolean {
    return this.#draining
  }

  /** What listens, with the ports the system picked. */
  get listeners(): readonly BoundListener[] {
    return this.#engine.listeners
  }

  /** Addresses that this machine lacks and that were only asked for by default (::1). */
  get skipped(): readonly SkippedListener[] {
    return this.#engine.skipped
  }

  /** What the system was asked for the engine's threads (profile, cpus), and whether it was permitted. */
  get tuning(): readonly Tuning[] {
    return this.#engine.tuning
  }

  on<Name extends keyof BrokerEvents>(name: Name, listener: BrokerListener<Name>): this {
    this.#emitter.on(name, listener as never)
    this.#updateConnectionEvents()
    return this
  }

  once<Name extends keyof BrokerEvents>(name: Name, listener: BrokerListener<Name>): this {
    this.#emitter.once(name, listener as never)
    this.#updateConnectionEvents()
    return this
  }

  off<Name extends keyof BrokerEvents>(name: Name, listener: BrokerListener<Name>): this {
    this.#emitter.off(name, listener as never)
    this.#updateConnectionEvents()
    return this
  }

  /**
   * Publishes to every subscriber of the topic: a string as text, bytes as binary.
   * @returns the publication's offset in its topic, from 0.
   * @throws {TypeError} a topic or payload of another type.
   * @throws {Error} with `code` ERR_TOPIC (invalid name), ERR_MESSAGE_BYTES (over limits.messageBytesMax), ERR_LOG_BYTES
   * (the logs are full), ERR_TOPICS (limits.topicsMax is reached) or ERR_CLOSED.
   */
  publish(topic: string, payload: string | Uint8Array): number {
    this.#assertOpen()
    if (typeof topic !== 'string') throw new TypeError(`topic must be a string, got: ${typeof topic}`)
    if (typeof payload !== 'string' && !isUint8Array(payload)) { // also one of another realm, as in test runners
      throw new TypeError(`payload must be a string or a Uint8Array, got: ${payload === null ? 'null' : typeof payload}`)
    }
    return this.#engine.publish(topic, payload, null)
  }

  /**
   * Calls `listener` with everything that is published to the topic after this call, by whichever protocol, in the topic's order and on
   * the thread that created the broker. Between the engine and the listener there is a bounded queue: a program that is busy holds nobody
   * up, and what finds no room is dropped, oldest first, and counted (`message.dropped`, `subscription.dropped`, `stats().heard_dropped`).
   * What a listener throws is emitted as `error`. `close` lets listeners hear everything that was published before.
   * @throws {TypeError} a topic or listener of another type.
   * @throws {RangeError} options out of range.
   * @throws {Error} with `code` ERR_TOPIC (invalid name), ERR_TOPICS (limits.topicsMax is reached), ERR_SUBSCRIPTIONS (100,000 there are)
   * or ERR_CLOSED.
   */
  subscribe(topic: string, listener: MessageListener, options?: SubscribeOptions): Subscription {
    this.#assertOpen()
    return this.#subscriptions.add(topic, listener, options ?? {})
  }

  /**
   * What the topic keeps (option `history`), oldest first: from a position, the newest so many, or all; one page of it.
   * @throws {TypeError} a topic or position of another type.
   * @throws {RangeError} a malformed position, or options out of range.
   * @throws {Error} with `code` ERR_TOPIC (invalid name), ERR_TOPICS (limits.topicsMax is reached) or ERR_CLOSED.
   */
  history(topic: string, options?: HistoryOptions): TopicHistory {
    this.#assertOpen()
    return readHistory(this.#engine, topic, options ?? {})
  }

  /** The engine's counters and gauges, summed over shards, and those of what works beside it. @throws {ClosedError} */
  stats(): EngineStats {
    this.#assertOpen()
    return this.#counters.read()
  }

  /**
   * At most `max` (1..100000) topics, those that skipped most first, then those with most subscribers. It looks at every
   * topic: for a page that a person reads, not for every second. Topics that nobody uses are forgotten in time.
   * @throws {ClosedError}
   * @throws {RangeError} max out of range.
   */
  topicStats(max = 100): TopicStats[] {
    this.#assertOpen()
    if (!(Number.isInteger(max) && max >= 1 && max <= topicStatsMax)) throw new RangeError(`max must be 1..${topicStatsMax}, got: ${max}`)
    return this.#engine.topicStats(max)
  }

  /**
   * Stops accepting, closes every connection with 1001 over `drainMs`, then ends the engine. A later call joins the
   * first one, whatever its `drainMs`.
   * @returns whether every connection was closed in time; false when the rest was cut.
   * It rejects with a RangeError when drainMs is out of range.
   */
  close(options: CloseOptions = {}): Promise<boolean> {
    const { drainMs = this.#drainMs } = options ?? {}
    if (!(Number.isFinite(drainMs) && drainMs >= 0 && drainMs <= drainMsMax)) {
      return Promise.reject(new RangeError(`drainMs must be 0..${drainMsMax}, got: ${formatGot(drainMs)}`))
    }
    this.#closing ??= this.#ended ? Promise.resolve(true) : this.#drain(drainMs)
    return this.#closing
  }

  /** Ends the engine at once and cuts every connection, also during close. Does nothing when it has ended. */
  stop(): void {
    this.#end(false)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close().then(() => {})
  }

  #assertOpen(): void {
    if (this.#ended) throw new ClosedError()
  }

  #drain(drainMs: number): Promise<boolean> {
    this.#draining = true
    for (const extension of this.#extensions) extension.beginDrain()
    return new Promise((resolve) => {
      const cut = setTimeout(() => this.#end(false), drainMs + this.options.timeouts.closeMs + drainGraceMs)
      this.#onEnd = (drained) => {
        clearTimeout(cut)
        void this.#extensionsEnd.finally(() => resolve(drained))
      }
      this.#engine.drain(drainMs)
    })
  }

  #end(drained: boolean): void {
    if (this.#ended) return
    this.#ended = true
    clearInterval(this.#giveBack)
    this.#engine.stop()
    forgetAtExit(this.#engine)
    this.#subscriptions.end(this.#draining)
    this.connections.end()
    this.#extensionsEnd = Promise.allSettled(this.#extensions.map((extension) => extension.close(extensionCloseMs)))
    this.#onEnd(drained)
  }

  /** The engine makes connection events only while somebody wants them: at 100,000 connections they cost. */
  #updateConnectionEvents(): void {
    const wanted = this.#emitter.listenerCount('connection') + this.#emitter.listenerCount('disconnect') > 0
    if (wanted === this.#connectionEvents || this.#ended) return
    this.#connectionEvents = wanted
    this.#engine.setConnectionEvents(wanted)
  }

  #dispatch(events: readonly EngineEvent[]): void {
    for (const event of events) {
      if (this.#ended) { // a listener has stopped the broker
        if (event.type === 'http-connection') closeSync(event.fd)
        continue
      }
      try {
        this.#emit(event)
      } catch (error) {
        this.#throwLater(error)
      }
    }
    this.#updateConnectionEvents() // a listener of `once` may be gone
  }

  /** Not from here: this runs inside the addon's call, and there is more to come. */
  #throwLater(error: unknown): void {
    process.nextTick(() => this.#emitter.emit('error', error))
  }

  #emit(event: EngineEvent): void {
    switch (event.type) {
      case 'connection': this.#emitter.emit('connection', event); break
      case 'disconnect': this.#emitter.emit('disconnect', event); break
      case 'slow': this.#emitter.emit('slow', event); break
      case 'warning': this.#emitter.emit('warning', event); break
      // Not from here: the engine joins its threads in stop and must not do so inside its own call.
      case 'drained': setImmediate(() => this.#end(event.cut === 0)); break
      case 'connections': case 'connection-removed': this.connections.onAnswer(event); break
      case 'heard': this.#subscriptions.onHeard(event.id); break
      case 'session-open':
      case 'session-message':
      case 'session-published':
      case 'session-end':
      case 'http-connection': for (const extension of this.#extensions) extension.onEvent(event); break
      case 'auth-asked': for (const extension of this.#extensions) extension.onAsked?.(event); break
      default: event satisfies never
    }
  }
}
