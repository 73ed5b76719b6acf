/** From what a program asks for to what is done: defaults, bounds, and what is refused. */

import type { ClientSocketConstructor, SubscribeOptions } from './events.js'

export interface Settings {
  readonly url: URL
  readonly topics: readonly string[]
  /** By topic. */
  readonly since: Readonly<Record<string, string>>
  readonly last: number | undefined
  readonly waitingMax: number
  readonly topicsPerConnection: number
  readonly retryMs: number
  readonly retryMsMax: number
  readonly connectMs: number
  readonly WebSocket: ClientSocketConstructor
}

/** http and https become ws and wss; a path is that of a proxy in front of the broker: topics are no part of it. On a page it may be relative. */
function baseUrl(text: string | URL): URL {
  const url = new URL(text, (globalThis as { location?: { href: string } }).location?.href)
  url.protocol = url.protocol.replace(/^http/, 'ws')
  if (!/^wss?:$/.test(url.protocol)) throw new TypeError(`url must be ws://<host>:<port> or wss://…, got: ${url.href}`)
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  url.hash = ''
  return url
}

function wholeNumber(name: string, value: number | undefined, usual: number, least = 1): number {
  if (value === undefined) return usual
  if (!Number.isSafeInteger(value) || value < least) throw new RangeError(`${name} must be a whole number from ${least}, got: ${value}`)
  return value
}

function topicsIn(topics: SubscribeOptions['topics']): string[] {
  const unique = [...new Set([topics].flat())]
  if (unique.length === 0) throw new TypeError('topics must be a topic or a list of them, got: an empty list')
  const wrong = unique.find((topic) => typeof topic !== 'string' || topic === '')
  if (wrong !== undefined) throw new TypeError(`topics must be texts of at least one character, got: ${JSON.stringify(wrong)}`)
  return unique
}

function sinceOf(since: SubscribeOptions['since'], topics: readonly string[]): Settings['since'] {
  if (typeof since !== 'string') return since ?? {}
  if (topics.length > 1) throw new TypeError('since must be an object of positions by topic where there are several topics, got: a text')
  return { [topics[0] as string]: since }
}

function socketClass(given: ClientSocketConstructor | undefined): ClientSocketConstructor {
  const found = given ?? (globalThis as { WebSocket?: ClientSocketConstructor }).WebSocket
  if (found === undefined) throw new TypeError('options.WebSocket must be a class where the platform has none, got: nothing')
  return found
}

/** @throws {TypeError} a URL or option of another type. @throws {RangeError} a number out of range. */
export function settingsOf(url: string | URL, options: SubscribeOptions): Settings {
  const topics = topicsIn(options.topics)
  return {
    url: baseUrl(url), topics, since: sinceOf(options.since, topics),
    last: options.last === undefined ? undefined : wholeNumber('last', options.last, 1),
    waitingMax: wholeNumber('waitingMax', options.waitingMax, 10_000),
    topicsPerConnection: wholeNumber('topicsPerConnection', options.topicsPerConnection, 16),
    retryMs: wholeNumber('retryMs', options.retryMs, 500, 0),
    retryMsMax: wholeNumber('retryMsMax', options.retryMsMax, 20_000, 0),
    connectMs: wholeNumber('connectMs', options.connectMs, 10_000),
    WebSocket: socketClass(options.WebSocket),
  }
}
