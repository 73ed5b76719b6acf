/** `@tutti/broker/client`: subscriptions that outlive their connections, in browsers and in Node. */

import { BackOff } from './back-off.js'
import type { SubscribeOptions, SubscriptionEvent } from './events.js'
import { Link, type LinkHost } from './link.js'
import { Positions } from './positions.js'
import { settingsOf } from './settings.js'
import { Waiting } from './waiting.js'

export { SubscriptionError } from './events.js'
export type {
  ClientSocket, ClientSocketConstructor, ConnectionState, GapEvent, MessageEvent, SubscribeOptions, SubscriptionEvent,
} from './events.js'

export interface Subscription extends AsyncIterable<SubscriptionEvent> {
  /** By topic: up to where the program has got everything, or been told of a gap. As `since` it goes on from there, another day too. */
  readonly positions: Readonly<Record<string, string>>
  /** Resolves after `close`, rejects with what has ended the subscription otherwise. Nobody has to listen. */
  readonly done: Promise<void>
  /** Ends it; what waits for the iterator is still given. */
  close(): void
}

/** A listener whose faults end nothing here: they are the program's, as if nobody had called it. */
function guarded<Value>(listener: ((value: Value) => void) | undefined): (value: Value) => void {
  return (value) => {
    try {
      listener?.(value)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

/** A promise with its ends; it bothers nobody when it rejects unheard. */
function promised(): { readonly promise: Promise<void>, readonly settle: (error: unknown) => void } {
  let settle: (error: unknown) => void = () => {}
  const promise = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === undefined ? resolve() : reject(error))
  })
  promise.catch(() => {})
  return { promise, settle }
}

/**
 * Subscribes to topics of a broker, now, and again whenever the connection is lost, until `close`, `signal` or an error that would come
 * again. What was missed meanwhile comes first, in order, and nothing comes twice; what is not to be had any more is a `gap`.
 * @param url Where the broker serves subscribers, such as `wss://broker.example`.
 * @throws {TypeError} a URL or an option of another type. @throws {RangeError} a number out of range.
 */
export function subscribe(url: string | URL, options: SubscribeOptions): Subscription {
  const { token, signal, onMessage, onGap, onState } = options
  const settings = settingsOf(url, options)
  const { topics, topicsPerConnection: group } = settings
  const taken = new Map(Object.entries(settings.since))
  const { promise: done, settle } = promised()
  const tell = { message: guarded(onMessage), gap: guarded(onGap) }
  let ended = false

  function onTaken(event: SubscriptionEvent): void {
    const position = event.type === 'message' ? event.position : event.to
    if (position !== null) taken.set(event.topic, position)
  }
  /** `error` undefined: as the program has asked. */
  function end(error?: unknown): void {
    if (ended) return
    ended = true
    for (const link of links) link.stop('ended')
    signal?.removeEventListener('abort', onAbort)
    waiting.end(error)
    settle(error)
  }
  function onAbort(): void {
    end(signal?.reason)
  }
  const waiting = new Waiting<SubscriptionEvent>(settings.waitingMax, onTaken, () => links.forEach((link) => link.goOn()), () => end())
  const host: LinkHost = {
    ...settings, positions: new Positions(settings.since), fail: end, onState: guarded(onState),
    renewsToken: typeof token === 'function',
    token: async () => (typeof token === 'function' ? token() : token ?? null),
    emit(event) {
      if (onMessage === undefined) return waiting.add(event)
      onTaken(event)
      if (event.type === 'message') tell.message(event)
      else tell.gap(event)
      return true
    },
  }
  const links = Array.from({ length: Math.ceil(topics.length / group) }, (_, at) => {
    return new Link(topics.slice(at * group, (at + 1) * group), host, new BackOff(settings.retryMs, settings.retryMsMax))
  })
  if (signal?.aborted) onAbort()
  else {
    signal?.addEventListener('abort', onAbort)
    for (const link of links) void link.connect()
  }
  return {
    get positions() {
      return Object.fromEntries(taken)
    },
    done,
    close: () => end(),
    [Symbol.asyncIterator]() {
      if (onMessage !== undefined) throw new TypeError('a subscription with onMessage must be without an iterator, got: both')
      return waiting
    },
  }
}
