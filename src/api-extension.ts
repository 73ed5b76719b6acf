/** The HTTP API on top of a running broker. */

import type { HttpAddress, HttpServer } from './http/contract.js'
import { startApi, type ResolvedApiConfig } from './api/start-api.js'
import type { Broker } from './broker.js'
import type { BrokerExtension, ExtensionPort } from './extension.js'
import { httpPlaceOf } from './http-place.js'

export class ApiExtension implements BrokerExtension {
  readonly #server: HttpServer

  constructor(server: HttpServer) {
    this.#server = server
  }

  /** @throws as startApi; nothing listens then. */
  static async start(config: ResolvedApiConfig, addresses: readonly HttpAddress[], broker: Broker, port: ExtensionPort): Promise<ApiExtension> {
    const { engine, warn } = port
    const { messageBytesMax, logBytesMax } = broker.options.limits
    const server = await startApi(config, addresses, {
      publish: (topic, payload) => broker.publish(topic, payload),
      stats: () => broker.stats(),
      explainStats: () => broker.port.explainStats(),
      topicStats: (max) => broker.topicStats(max),
      topic: (name) => engine.topicStat(name),
      connections: (query) => broker.connections.list(query),
      removeConnection: (id) => broker.connections.remove(id),
      status: () => engine.status(),
      logBytes: () => broker.stats()['log_bytes_now'] ?? 0,
      isReserved: (topic) => broker.options.reservedTopics.some((prefix) => topic.startsWith(prefix)),
      draining: () => broker.draining,
      limits: { messageBytesMax, logBytesMax },
      onError: (error, route) => warn('http-failed', `${route.method} ${route.path}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`),
    }, httpPlaceOf(() => port, broker.options, config.proxyProtocol))
    return new ApiExtension(server)
  }

  get bound(): HttpServer['bound'] {
    return this.#server.bound
  }

  onEvent(): void {}

  beginDrain(): void {}

  close(ms: number): Promise<void> {
    return this.#server.close(ms)
  }
}
