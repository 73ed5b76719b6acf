/** The HTTP API on top of a running broker: on listeners of its own, or over TLS on those of the engine, which hands decrypted connections over. */

import { Socket } from 'node:net'
import type { ApiDeps } from './api/api.js'
import { startAdoptingApi, startApi, type ResolvedApiConfig } from './api/start-api.js'
import type { Broker } from './broker.js'
import type { AuthExtension } from './auth-extension.js'
import type { BrokerExtension } from './extension.js'
import type { AdoptingHttpServer, BoundHttp, HttpAddress, HttpServer } from './http/contract.js'
import { httpPlaceOf } from './http-place.js'
import type { HttpConnectionEvent, SessionEvent } from './native/binding.js'

function depsOf(broker: Broker): ApiDeps {
  const { engine, warn } = broker.port
  const { messageBytesMax, logBytesMax } = broker.options.limits
  return {
    publish: (topic, payload) => broker.publish(topic, payload),
    connections: (query) => broker.connections.list(query),
    removeConnection: (id) => broker.connections.remove(id),
    stats: () => broker.stats(),
    explainStats: () => broker.port.explainStats(),
    topicStats: (max) => broker.topicStats(max),
    topic: (name) => engine.topicStat(name),
    history: (topic, ask) => broker.history(topic, ask),
    onPublished: (topic, listener) => {
      const subscription = broker.subscribe(topic, listener, { messagesMax: 1 })
      return () => subscription.unsubscribe()
    },
    status: () => engine.status(),
    logBytes: () => broker.stats()['log_bytes_now'] ?? 0,
    isReserved: (topic) => broker.options.reservedTopics.some((prefix) => topic.startsWith(prefix)),
    draining: () => broker.draining,
    limits: { messageBytesMax, logBytesMax },
    onError: (error, route) => warn('http-failed', `${route.method} ${route.path}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`),
  }
}

export class ApiExtension implements BrokerExtension {
  readonly #server: HttpServer
  readonly #adopting: AdoptingHttpServer | null
  readonly bound: readonly BoundHttp[]

  private constructor(server: HttpServer, adopting: AdoptingHttpServer | null, bound: readonly BoundHttp[]) {
    this.#server = server
    this.#adopting = adopting
    this.bound = bound
  }

  /** @throws as startApi; nothing listens then. */
  static async start(config: ResolvedApiConfig, addresses: readonly HttpAddress[], broker: Broker, auth: AuthExtension | null): Promise<ApiExtension> {
    const isEngines = broker.options.listeners.some(({ protocol }) => protocol === 'http')
    const { port } = broker
    const proxied = httpPlaceOf(() => port, broker.options, config.proxyProtocol && !isEngines) // of its own listeners the engine reads PROXY headers
    const place = { ...proxied, auth: auth === null ? null : auth.ofRequests() }
    if (isEngines) {
      const server = await startAdoptingApi(config, depsOf(broker), place)
      const listeners = broker.listeners.filter(({ protocol }) => protocol === 'http')
      return new ApiExtension(server, server, listeners.map(({ address, port: number }) => ({ address, port: number, secure: true })))
    }
    const server = await startApi(config, addresses, depsOf(broker), place)
    return new ApiExtension(server, null, server.bound)
  }

  onEvent(event: SessionEvent | HttpConnectionEvent): void {
    if (event.type !== 'http-connection' || event.protocol !== 'http') return
    this.#adopting?.adopt(new Socket({ fd: event.fd, readable: true, writable: true }), event.head, null, event.peer, event.certificate)
  }

  beginDrain(): void {}

  close(ms: number): Promise<void> {
    return this.#server.close(ms)
  }
}
