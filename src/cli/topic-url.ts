/** From a base URL and topics to the URL of the plain WebSocket contract: the topic is the path. */

import { UsageError } from './exit.js'

function parseBase(base: string): URL {
  const url = URL.canParse(base) ? new URL(base) : null
  if (url === null || (url.protocol !== 'ws:' && url.protocol !== 'wss:')) {
    throw new UsageError(`--url must be ws://<host>:<port> or wss://<host>:<port>, got: ${base}`)
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new UsageError(`--url must have no path (topics are arguments), got: ${base}`)
  }
  return url
}

function encodeTopic(topic: string): string {
  if (topic === '') throw new UsageError('TOPIC must be 1 to 200 bytes, got: an empty one')
  return encodeURIComponent(topic)
}

/** The URL to publish to one topic. @throws {UsageError} a base that is no WebSocket URL, or a topic no URL can hold. */
export function publishUrl(base: string, topic: string): URL {
  // A URL never keeps these two as a path, however they are written.
  if (topic === '.' || topic === '..') throw new UsageError(`TOPIC must not be . or .., got: ${topic}`)
  return new URL(`/${encodeTopic(topic)}`, parseBase(base))
}

/** The URL to subscribe to one or more topics. @throws {UsageError} as publishUrl. */
export function subscribeUrl(base: string, topics: readonly string[]): URL {
  return new URL(`/?${topics.map((topic) => `topic=${encodeTopic(topic)}`).join('&')}`, parseBase(base))
}
