/** One subscription that outlives its connections: what is published while there is none is not seen. */

import { BackOff } from './back-off.js'
import type { ClientAccess } from './client-options.js'
import { closedByBroker, connect, RefusedError, type Connection, type OnMessage } from './connect.js'
import { CommandError } from './exit.js'

/** Said at the end of connections that would end so again: there is nothing more to come, or something is wrong with us. */
const finalCodes: ReadonlySet<number> = new Set([1000, 1002, 1003, 1007, 1008, 1009, 1010])
/** Who was connected for so long is not in a circle of being refused. */
const provenMs = 5000

export interface FollowOptions {
  readonly onMessage: OnMessage
  readonly access: ClientAccess
  /** The URL of the next connection, from the first one's; absent: that one. */
  readonly next?: (url: URL) => URL
  /** Whether to connect again. */
  readonly reconnects: boolean
  /** A connection is lost, or there is one again. */
  readonly say: (text: string) => void
}

export class Follower {
  readonly #url: URL
  readonly #options: FollowOptions
  readonly #backOff = new BackOff()
  #connection: Connection | null = null
  #leaving = false
  #stopWaiting: () => void = () => {}

  constructor(url: URL, options: FollowOptions) {
    this.#url = url
    this.#options = options
  }

  /**
   * Follows until `leave`. The first connection must succeed.
   * @throws {CommandError} it did not, or the broker will not have us any more.
   */
  async run(): Promise<void> {
    await this.#connect()
    while (!this.#leaving) {
      const error = await this.#ended()
      if (this.#leaving) return
      await this.#connectAgain(error)
    }
  }

  /** Whether there was a connection. */
  get begun(): boolean {
    return this.#connection !== null
  }

  leave(): void {
    this.#leaving = true
    this.#stopWaiting()
    this.#connection?.socket.resume() // paused, it would not see the answer to its close
    this.#connection?.socket.close(1000)
  }

  async #connect(): Promise<void> {
    this.#connection = await connect(this.#options.next?.(this.#url) ?? this.#url, 'subscribe', this.#options.onMessage, this.#options.access)
    if (this.#leaving) this.leave()
  }

  /** Why the connection has ended, once it has. */
  async #ended(): Promise<CommandError> {
    const since = performance.now()
    const [code, reason] = await (this.#connection as Connection).closed
    if (performance.now() - since > provenMs) this.#backOff.reset()
    const error = closedByBroker(code, reason)
    if (!this.#leaving && (!this.#options.reconnects || finalCodes.has(code))) throw error
    return error
  }

  async #connectAgain(first: CommandError): Promise<void> {
    for (let error = first; !this.#leaving;) {
      const ms = this.#backOff.next()
      this.#options.say(`${error.message}; trying again in ${ms} ms`)
      await this.#wait(ms)
      if (this.#leaving) return
      try {
        await this.#connect()
        return this.#options.say(`connected again to ${this.#url.href}`)
      } catch (failure) {
        if (!(failure instanceof CommandError) || (failure instanceof RefusedError && !failure.isTemporary)) throw failure
        error = failure
      }
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#stopWaiting = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
