/** The HTTP servers there are, and which one it shall be. */

import type { ApiConfig } from '../config/schema.js'
import { ConfigError } from '../errors.js'
import type { HttpServer, HttpServerOptions } from './http.js'
import { startNodeHttpServer } from './node-http-server.js'
import { startUwsHttpServer } from './uws-http-server.js'
import { loadUws, type UwsModule } from './uws-module.js'

export type HttpServerChoice = ApiConfig['server']

type Start = (options: HttpServerOptions) => Promise<HttpServer>

/** One row a choice. */
const choices: Readonly<Record<HttpServerChoice, (load: () => Promise<UwsModule | null>) => Promise<Start>>> = {
  node: async () => startNodeHttpServer,
  uws: async (load) => {
    const uws = await load()
    if (uws !== null) return (options) => startUwsHttpServer(uws, options)
    const problem = 'must be auto or node (uWebSockets.js is not installed, see docs/http-api.md)'
    throw new ConfigError([{ path: 'api.server', problem, got: 'uws', source: null }])
  },
  auto: async (load) => {
    const uws = await load()
    return uws === null ? startNodeHttpServer : (options) => startUwsHttpServer(uws, options)
  },
}

/**
 * Starts the server of this choice; `load` is the seam for tests.
 * @throws {ConfigError} uws where it is not installed.
 * @throws {ListenError} an address or port that cannot be bound.
 */
export async function startHttpServer(choice: HttpServerChoice, options: HttpServerOptions, load = loadUws): Promise<HttpServer> {
  const start = await choices[choice](load)
  return start(options)
}
