/** The HTTP API: which routes there are, who may ask, and what they need of the broker. */

import type { ConnectionList, ConnectionsQuery } from '../connections.js'
import type { EngineStats, EngineStatus, TopicStats } from '../native/binding.js'
import type { HttpService, Route } from '../http/contract.js'
import { createRouter } from '../http/router.js'
import { connectionRoutes } from './connection-routes.js'
import { apiGuard } from './guard.js'
import { healthRoutes } from './health-routes.js'
import { mapRoute } from './map-route.js'
import { metricsRoutes } from './metrics-routes.js'
import { topicRoutes } from './topic-routes.js'

/** The broker as the API sees it. Calls on a broker that is closed throw an Error with `code` ERR_CLOSED. */
export interface ApiDeps {
  /** As Broker.publish. */
  publish(topic: string, payload: string | Uint8Array): number
  stats(): EngineStats
  /** What each figure of `stats` counts, by its name. */
  explainStats(): Readonly<Record<string, string>>
  /** As Broker.topicStats. */
  topicStats(max: number): readonly TopicStats[]
  /** One topic, null when nobody has used it (for a while). */
  topic(name: string): TopicStats | null
  /** As Connections.list. */
  connections(query: ConnectionsQuery): Promise<ConnectionList>
  /** As Connections.remove. */
  removeConnection(id: number): Promise<boolean>
  /** As NativeEngine.status. */
  status(): EngineStatus
  /** Bytes in all topic logs together. */
  logBytes(): number
  /** Whether only clients of the Pusher protocol may use the topic: nobody without a token publishes to it. */
  isReserved(topic: string): boolean
  /** Whether the broker has begun to close. */
  draining(): boolean
  readonly limits: {
    readonly messageBytesMax: number
    readonly logBytesMax: number
  }
  /** A fault of ours: what the log should have. */
  onError(error: unknown, route: Route): void
}

export interface ApiOptions {
  /** Null: whoever reaches the port may ask. */
  readonly token: string | null
  /** As configured: names that requests may be addressed to. */
  readonly hosts: readonly string[]
}

/** Every route of the API; a group of routes is one file and one row. */
const groups: readonly ((deps: ApiDeps, options: ApiOptions) => readonly Route[])[] = [topicRoutes, connectionRoutes, metricsRoutes, healthRoutes]

export function createApi(deps: ApiDeps, options: ApiOptions): HttpService {
  const routes = groups.flatMap((routesOf) => routesOf(deps, options))
  return createRouter([...routes, mapRoute(routes)], { guard: apiGuard(options), onError: (error, route) => deps.onError(error, route) })
}
