/** An engine of plain TypeScript: records what it is asked, emits what a test tells it to. */

import type { TlsOptions } from '../../src/native/tls.js'
import type {
  AuthAnswer, ConnectionId, ConnectionQuery, EngineEvent, EngineOptions, HeardMessage, HistoryAsk, HistoryPage, JoinOptions, ListenLimits, NativeAddon, NativeEngine, NativeGrants,
  PublishDetails, SessionOptions,
} from '../../src/native/binding.js'

export class FakeEngine implements NativeEngine {
  readonly options: EngineOptions
  readonly listeners
  readonly skipped = []
  readonly tuning = []
  turnAgesMs: readonly number[] = [0]
  /** Every call but the getters, as text. */
  readonly calls: string[] = []
  readonly #onEvents: (events: readonly EngineEvent[]) => void

  constructor(options: EngineOptions, onEvents: (events: readonly EngineEvent[]) => void) {
    this.options = options
    this.#onEvents = onEvents
    this.listeners = options.listeners.map(({ protocol, address, port }) => ({ protocol, address, port: port || 4711, dualStack: false, shared: false }))
  }

  /** Hands a batch to the broker, as the addon does. */
  emit(...events: EngineEvent[]): void {
    this.#onEvents(events)
  }

  publish(topic: string, payload: string | Uint8Array, details: PublishDetails | null): number {
    this.calls.push(`publish ${topic} ${String(payload)}${details === null ? '' : ` ${JSON.stringify(details)}`}`)
    return this.calls.length - 1
  }

  acceptSession(id: ConnectionId, options: SessionOptions): void {
    this.calls.push(`acceptSession ${id} ${JSON.stringify(options)}`)
  }

  sendToSession(id: ConnectionId, text: string): void {
    this.calls.push(`sendToSession ${id} ${text}`)
  }

  joinTopic(id: ConnectionId, topic: string, options: JoinOptions): void {
    this.calls.push(`joinTopic ${id} ${topic} ${JSON.stringify(options)}`)
  }

  leaveTopic(id: ConnectionId, topic: string): void {
    this.calls.push(`leaveTopic ${id} ${topic}`)
  }

  closeSession(id: ConnectionId, code: number, reason: string): void {
    this.calls.push(`closeSession ${id} ${code} ${reason}`)
  }

  takeBack(fd: number, listener: number, peer: string, head: Uint8Array): void {
    this.calls.push(`takeBack ${fd} ${listener} ${peer} ${Buffer.from(head).toString('latin1')}`)
  }

  giveBack(): void {}

  compileGrants(publish: readonly string[], subscribe: readonly string[]): NativeGrants {
    return { publish, subscribe } as never
  }

  answerQuestions(answers: readonly AuthAnswer[]): void {
    this.calls.push(`answerQuestions ${JSON.stringify(answers)}`)
  }

  setAskedHeaders(names: readonly string[]): void {
    this.calls.push(`setAskedHeaders ${names.join(' ')}`)
  }

  revoke(standings: readonly number[], withinMs: number): void {
    this.calls.push(`revoke ${standings.join(' ')} within ${withinMs}`)
  }

  shiftEnds(aheadMs: number): void {
    this.calls.push(`shiftEnds ${aheadMs}`)
  }

  /** Thrown by the next setTls. */
  tlsFailure: Error | null = null

  setTls(index: number, { certificates }: TlsOptions): void {
    if (this.tlsFailure !== null) throw this.tlsFailure
    this.calls.push(`setTls ${index} ${certificates.length}`)
  }

  findConnections(ask: number, query: ConnectionQuery): void {
    this.calls.push(`findConnections ${ask} ${JSON.stringify(query)}`)
  }

  /** Ids from 1000 on cannot be. */
  removeConnection(ask: number, id: ConnectionId): boolean {
    this.calls.push(`removeConnection ${ask} ${id}`)
    return id < 1000
  }

  isTrustedProxy(address: string): boolean {
    return this.options.proxies.trusted.includes(address)
  }

  /** The first of the list: the walk itself is the engine's. */
  forwardedClient(value: string): string | null {
    return value.split(',')[0] || null
  }

  readProxyHeader(): null {
    return null
  }

  explainStats() {
    return { connections_now: 'connections open' }
  }

  /** What waits, by id. */
  readonly heard = new Map<number, HeardMessage[]>()

  listen(topic: string, { messagesMax, bytesMax }: ListenLimits): number {
    this.calls.push(`listen ${topic} ${messagesMax} ${bytesMax}`)
    const id = this.heard.size + 1
    this.heard.set(id, [])
    return id
  }

  hear(id: number, max: number): HeardMessage[] {
    return this.heard.get(id)?.splice(0, max) ?? []
  }

  unlisten(id: number): void {
    this.calls.push(`unlisten ${id}`)
    this.heard.set(id, [])
  }

  /** Keeps nothing, of nothing. */
  history(topic: string, { since, last, messagesMax, bytesMax }: HistoryAsk): HistoryPage {
    this.calls.push(`history ${topic} ${since} ${last} ${messagesMax} ${bytesMax}`)
    return this.page
  }

  page: HistoryPage = { epoch: 'epoch123', keeps: false, firstOffset: 0, nextOffset: 0, oldestOffset: 0, whole: true, skipped: 0, messages: [] }

  dropped(id: number): number {
    return id * 10
  }

  status() {
    return { turnAgesMs: this.turnAgesMs }
  }

  stats() {
    return { connections_now: 0 }
  }

  flightRecords() {
    return [['12.000345 accepted connection 17 fd 12 listener 1', '12.000345 blocked connection 17 fd 12'], []]
  }

  topicStats(max: number) {
    this.calls.push(`topicStats ${max}`)
    return []
  }

  topicStat(topic: string) {
    this.calls.push(`topicStat ${topic}`)
    return null
  }

  setConnectionEvents(on: boolean): void {
    this.calls.push(`setConnectionEvents ${on}`)
  }

  drain(drainMs: number): void {
    this.calls.push(`drain ${drainMs}`)
  }

  stop(): void {
    this.calls.push('stop')
  }
}

export class FakeAddon implements NativeAddon {
  readonly engines: FakeEngine[] = []
  /** Thrown by the next createEngine. */
  failure: Error | null = null

  createEngine(options: EngineOptions, onEvents: (events: readonly EngineEvent[]) => void): FakeEngine {
    if (this.failure !== null) throw this.failure
    const engine = new FakeEngine(options, onEvents)
    this.engines.push(engine)
    return engine
  }

  checkTls(): void {}

  raiseFileLimit(): number {
    return 1024
  }

  uringAvailable(): boolean {
    return false
  }
}
