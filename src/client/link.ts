/** One connection and its successors: made again whenever it ends, for the same topics, from where they stand. */

import type { BackOff } from './back-off.js'
import { SubscriptionError, type ClientSocket, type ClientSocketConstructor, type ConnectionState, type SubscriptionEvent } from './events.js'
import type { Positions } from './positions.js'

/** What all connections of a subscription share. */
export interface LinkHost {
  readonly url: URL
  readonly positions: Positions
  readonly last: number | undefined
  readonly connectMs: number
  readonly WebSocket: ClientSocketConstructor
  /** Null: none is needed. */
  token(): Promise<string | null>
  /** Whether another token may be had than the one that was refused. */
  readonly renewsToken: boolean
  /** @returns false when no more can be taken for now. */
  emit(event: SubscriptionEvent): boolean
  onState(state: ConnectionState): void
  /** It is over, for all of them. */
  fail(error: unknown): void
}

/** At the end of connections that would end so again. */
const finalCodes: ReadonlySet<number> = new Set([1000, 1002, 1003, 1007, 1009, 1010])
/** Of a credential that is not, or no longer, taken: a new one may be. */
const policyCode = 1008
/** Whose connection was open for so long is not in a circle of being refused. */
const provenMs = 5000

function base64url(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** Where the platform tells it (ws: `Unexpected server response: 401`); 0: it does not. */
function statusIn(message: string | undefined): number {
  return Number(/response: (\d{3})$/.exec(message ?? '')?.[1] ?? 0)
}

export class Link {
  readonly #topics: readonly string[]
  readonly #host: LinkHost
  readonly #backOff: BackOff
  #socket: ClientSocket | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #openedAt: number | null = null
  #status = 0
  /** `held`: closed, until there is room. */
  #state: 'on' | 'held' | 'ended' = 'on'

  constructor(topics: readonly string[], host: LinkHost, backOff: BackOff) {
    this.#topics = topics
    this.#host = host
    this.#backOff = backOff
  }

  async connect(): Promise<void> {
    const { WebSocket, connectMs } = this.#host
    let token: string | null
    try {
      token = await this.#host.token()
    } catch (error) {
      return this.#again(`there is no token: ${String(error)}`)
    }
    if (this.#state !== 'on') return
    const socket: ClientSocket = new WebSocket(this.#target(), token === null ? [] : ['bearer', `bearer.${base64url(token)}`])
    this.#socket = socket
    this.#status = 0
    this.#timer = setTimeout(() => this.#lost(socket, `not connected after ${connectMs} ms`), connectMs)
    socket.onopen = () => {
      clearTimeout(this.#timer)
      this.#openedAt = Date.now()
      this.#host.onState({ state: 'open', topics: this.#topics })
    }
    socket.onmessage = ({ data }: { data: unknown }) => this.#read(data)
    socket.onerror = ({ message }: { message?: string }) => {
      this.#status = statusIn(message)
    }
    socket.onclose = ({ code, reason }: { code: number, reason: string }) => this.#closed(socket, code, reason)
  }

  /** No more for now, or for good. */
  stop(state: 'held' | 'ended'): void {
    this.#state = state
    this.#drop()
  }

  /** There is room again. */
  goOn(): void {
    if (this.#state !== 'held') return
    this.#state = 'on'
    void this.connect()
  }

  /**
   * The k-th `since` or `last` belongs to the k-th topic; an empty one: what is published from now on. A connection that was lost before all
   * topics were live asks for the last ones again: what came already is passed over, and a hole would be told.
   */
  #target(): string {
    const { url, positions, last } = this.#host
    const target = new URL(url)
    target.searchParams.set('envelope', '1')
    const places = this.#topics.map((topic) => positions.of(topic))
    const fresh = last !== undefined && places.includes(undefined)
    for (const [at, topic] of this.#topics.entries()) {
      target.searchParams.append('topic', topic)
      if (fresh) target.searchParams.append('last', String(last))
      else if (this.#topics.length > 1 || places[at] !== undefined) target.searchParams.append('since', places[at] ?? '')
    }
    return target.href
  }

  #read(data: unknown): void {
    try {
      const told = this.#host.positions.read(data, this.#topics)
      if (typeof told === 'string') return this.#host.onState({ state: 'live', topics: [told] })
      for (const event of told) {
        if (this.#state === 'ended') return
        if (!this.#host.emit(event)) this.stop('held')
      }
    } catch (error) {
      this.#host.fail(error)
    }
  }

  #closed(socket: ClientSocket, code: number, reason: string): void {
    const status = this.#status
    const said = status > 0 ? `the connection was refused with ${status}` : `${code} ${reason}`.trimEnd()
    const denied = code === policyCode || status === 401 || status === 403
    const isFinal = finalCodes.has(code) || (denied && !this.#host.renewsToken) || (status >= 400 && status < 500 && status !== 429 && !denied)
    if (isFinal) this.#host.fail(new SubscriptionError(`the server has ended it: ${said}`, status || code))
    else this.#lost(socket, said)
  }

  #lost(socket: ClientSocket, reason: string): void {
    if (socket !== this.#socket) return
    if (this.#openedAt !== null && Date.now() - this.#openedAt > provenMs) this.#backOff.reset()
    this.#drop()
    this.#again(reason)
  }

  #again(reason: string): void {
    if (this.#state !== 'on') return
    const retryMs = this.#backOff.next()
    this.#timer = setTimeout(() => void this.connect(), retryMs)
    this.#host.onState({ state: 'lost', topics: this.#topics, reason, retryMs })
  }

  #drop(): void {
    clearTimeout(this.#timer)
    const socket = this.#socket
    this.#socket = null
    this.#openedAt = null
    if (socket === null) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.onerror = () => {} // ws tells of a connection that is given up while it is made
    socket.close(1000)
  }
}
