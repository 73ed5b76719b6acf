/** The API on a broker of plain TypeScript that keeps what is published, asked as a server would. */

import { createApi, type ApiDeps, type ApiOptions } from '../../../src/api/api.js'
import type { HttpHeaders, HttpResponse } from '../../../src/http/contract.js'
import { openRequest, splitTarget } from '../../../src/http/request-head.js'
import type { TopicStats } from '../../../src/native/binding.js'

export const messageBytesMax = 100

export function topicOf(topic: string, subscribers = 1): TopicStats {
  return { topic, subscribers, published: 0, skipped: { disconnect: 0, 'drop-oldest': 0, latest: 0 } }
}

export interface AskedApi {
  readonly published: (readonly [topic: string, payload: string | Uint8Array])[]
  ask(method: string, target: string, asking?: { readonly body?: string | Uint8Array, readonly headers?: HttpHeaders }): Promise<HttpResponse>
}

function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** Topics that begin with `bad` are refused, as are messages over 100 bytes; those of `shop/` are a Pusher app's. */
export function askApi(options: Partial<ApiOptions> = {}, topics: readonly TopicStats[] = []): AskedApi {
  const published: [string, string | Uint8Array][] = []
  const deps: Partial<ApiDeps> = {
    publish(topic, payload) {
      if (topic.startsWith('bad')) throw refusal('ERR_TOPIC', `a topic must be good, got: ${topic}`)
      if (Buffer.byteLength(payload) > messageBytesMax) throw refusal('ERR_MESSAGE_BYTES', `a message must be at most ${messageBytesMax} bytes`)
      return published.push([topic, payload]) - 1
    },
    stats: () => ({ connections_now: 3 }),
    explainStats: () => ({ connections_now: 'sockets open' }),
    topicStats: (max) => topics.slice(0, max),
    topic: (name) => topics.find(({ topic }) => topic === name) ?? null,
    status: () => ({ turnAgesMs: [0] }),
    logBytes: () => 0,
    isReserved: (topic) => topic.startsWith('shop/'),
    draining: () => false,
    limits: { messageBytesMax, logBytesMax: 1000 },
    onError(error) {
      throw error
    },
  }
  const service = createApi(deps as ApiDeps, { token: null, hosts: [], ...options })
  return {
    published,
    async ask(method, target, { body = '', headers = {} } = {}) {
      const bytes = Buffer.from(body)
      const length = bytes.length === 0 ? {} : { 'content-length': String(bytes.length) }
      const head = { majorVersion: 1, minorVersion: 1, method, ...splitTarget(target), headers: { host: 'localhost', ...length, ...headers } }
      const opened = openRequest(service, head)
      return 'route' in opened ? service.answer(opened.route, { ...opened.request, body: bytes }) : opened
    },
  }
}

export function bodyOf({ body }: HttpResponse): unknown {
  return JSON.parse(String(body))
}
