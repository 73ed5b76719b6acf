/**
 * The HTTP servers there are, and which one it shall be. Node's own unless the other is asked for by name: uWebSockets.js serves what
 * comes behind a refused request, so it is not safe behind a proxy, and it aborts the process when a worker thread ends around it.
 */

import { isMainThread } from 'node:worker_threads'
import type { ApiConfig } from '../config/sections/api.js'
import { ConfigError } from '../errors.js'
import type { HttpServer, HttpServerOptions } from '../http/contract.js'
import { startNodeHttpServer } from '../http/node-server.js'
import { startUwsHttpServer } from '../http/uws-server.js'
import { loadUws, type UwsModule } from '../http/uws-module.js'

export type HttpServerChoice = ApiConfig['server']

type Start = (options: HttpServerOptions) => Promise<HttpServer>

/** Where it runs: the seam for tests. */
export interface HttpServerHost {
  readonly load: () => Promise<UwsModule | null>
  readonly isMainThread: boolean
}

function refuseUws(why: string): never {
  throw new ConfigError([{ path: 'api.server', problem: `must be auto or node (${why})`, got: 'uws', source: null }])
}

async function useUws({ load, isMainThread: isMain }: HttpServerHost): Promise<Start> {
  if (!isMain) refuseUws('uWebSockets.js cannot run in a worker thread, whose end would abort the process')
  const uws = await load() ?? refuseUws('uWebSockets.js is not installed, see docs/http-api.md')
  return (options) => startUwsHttpServer(uws, options)
}

/** One row a choice. */
const choices: Readonly<Record<HttpServerChoice, (host: HttpServerHost) => Promise<Start>>> = {
  node: async () => startNodeHttpServer,
  auto: async () => startNodeHttpServer,
  uws: useUws,
}

/**
 * Starts the server of this choice.
 * @throws {ConfigError} uws where it is not installed, or in a worker thread.
 * @throws {ListenError} an address or port that cannot be bound.
 */
export async function startHttpServer(choice: HttpServerChoice, options: HttpServerOptions, host: Partial<HttpServerHost> = {}): Promise<HttpServer> {
  const start = await choices[choice]({ load: loadUws, isMainThread, ...host })
  return start(options)
}
