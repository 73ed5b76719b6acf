/** The HTTP API: which routes there are, who may ask, and what they need of the broker. */

import type { ConnectionList, ConnectionsQuery } from '../connections.js'
import type { EngineStats, EngineStatus, TopicStats } from '../native/binding.js'
import type { HttpService, Route } from '../http/contract.js'
import { createRouter } from '../http/router.js'
import { withCompression } from '../http/compression.js'
import { authorised, type AuthorisedOptions } from './authorised.js'
import { batchRoutes } from './batch-route.js'
import { connectionRoutes } from './connection-routes.js'
import { withCors } from './cors.js'
import { apiGuard, tokenHolder } from './guard.js'
import { healthRoutes } from './health-routes.js'
import { mapRoute } from './map-route.js'
import { metricsRoutes } from './metrics-routes.js'
import { openApiRoute } from './openapi-route.js'
import { topicRoutes } from './topic-routes.js'

/** As Broker.history. */
export interface ApiHistory {
  readonly epoch: string
  readonly messages: readonly { readonly offset: number, readonly payload: string | Buffer, readonly event: string | null }[]
  readonly next: string
  readonly gap: { readonly from: string | null, readonly to: string | null, readonly skipped: number | null } | null
  readonly oldest: string
  readonly keeps: boolean
}

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
  /** As Broker.history. */
  history(topic: string, ask: { readonly since?: string, readonly last?: number, readonly limit: number }): ApiHistory
  /** Calls `listener` when something is published to the topic, perhaps several times, until what it returns is called. */
  onPublished(topic: string, listener: () => void): () => void
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
  /** Null: whoever reaches the port may ask, unless `auth` decides. */
  readonly token: string | null
  /** Who decides beside the token; null or absent: nobody. */
  readonly auth?: Pick<AuthorisedOptions, 'decide' | 'headers' | 'isOver'> | null
  /** As configured: names that requests may be addressed to. */
  readonly hosts: readonly string[]
  /** Of pages that may ask, in small letters, `*` for any; null: pages of this machine at most, and none may read the answers. */
  readonly origins?: readonly string[] | null
}

/** Every route of the API; a group of routes is one file and one row. */
const groups: readonly ((deps: ApiDeps, options: ApiOptions) => readonly Route[])[] = [topicRoutes, batchRoutes, connectionRoutes, metricsRoutes, healthRoutes]

export function createApi(deps: ApiDeps, options: ApiOptions): HttpService {
  const { auth = null, hosts } = options
  const isTokenHolder = tokenHolder(options.token)
  const names = hosts.map((host) => host.toLowerCase())
  const open = groups.flatMap((routesOf) => routesOf(deps, options))
  const routes = [...open, openApiRoute(open)].map((route) => {
    return auth === null ? route : authorised(route, { ...auth, isTokenHolder: ({ headers }) => isTokenHolder(headers['authorization']), names })
  })
  const guard = auth === null ? apiGuard(options) : null
  const router = createRouter([...routes, mapRoute(routes)], { guard, onError: (error, route) => deps.onError(error, route) })
  return withCompression(withCors(router, options.origins ?? null))
}
