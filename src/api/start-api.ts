/** Starts the HTTP API where the configuration wants it. */

import type { ApiConfig } from '../config/sections/api.js'
import { isLoopback } from '../endpoint.js'
import { ConfigError } from '../errors.js'
import type { AdoptingHttpServer, HttpAddress, HttpServer, HttpServerOptions } from '../http/contract.js'
import { startNodeHttpServer } from '../http/node-server.js'
import { createApi, type ApiDeps, type ApiOptions } from './api.js'
import { startHttpServer } from './http-servers.js'

/**
 * Names resolve to whatever they like: what counts is the addresses in the end.
 * @throws {ConfigError} an address that others reach, without a token and without `auth`.
 */
export function assertProtected({ token }: ApiConfig, addresses: readonly HttpAddress[], hasAuth: boolean): void {
  const open = addresses.find(({ address }) => !isLoopback(address))
  if (token !== null || hasAuth || open === undefined) return
  const problem = `must be set when api.hosts has an address that is not a loopback (${open.address})`
  throw new ConfigError([{ path: 'api.token', problem, got: 'null', source: null }])
}

/** With what follows from other sections. */
export type ResolvedApiConfig = ApiConfig & { readonly connectionsMax: number, readonly keepAliveMs: number }

/** What stands around the server. */
export type ApiPlace = Pick<HttpServerOptions, 'proxies' | 'onDenied'> & Pick<ApiOptions, 'auth'>

function optionsOf(config: ResolvedApiConfig, addresses: readonly HttpAddress[], deps: ApiDeps, { auth = null, ...at }: ApiPlace): HttpServerOptions {
  const { token, hosts = [], origins, requestHeadMs, requestMs, keepAliveMs, connectionsMax } = config
  return { addresses, limits: { requestHeadMs, requestMs, keepAliveMs, connectionsMax }, service: createApi(deps, { token, hosts, origins, auth }), ...at }
}

/**
 * `addresses`: those of config.hosts, resolved.
 * @throws {ConfigError} an address that others reach, without a token; uWebSockets.js asked for and not installed.
 * @throws {ListenError} an address or port that cannot be bound.
 */
export async function startApi(config: ResolvedApiConfig, addresses: readonly HttpAddress[], deps: ApiDeps, at: ApiPlace): Promise<HttpServer> {
  assertProtected(config, addresses, (at.auth ?? null) !== null)
  return startHttpServer(config.server, optionsOf(config, addresses, deps, at))
}

/** The same API for connections that the engine takes, because they come over TLS. It waits for nothing: no connection can come before it is there. */
export function startAdoptingApi(config: ResolvedApiConfig, deps: ApiDeps, at: ApiPlace): Promise<AdoptingHttpServer> {
  return startNodeHttpServer(optionsOf(config, [], deps, at))
}
