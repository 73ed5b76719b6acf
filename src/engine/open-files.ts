/**
 * How the limit of open files is shared out. What is no connection of the engine has a part of its own, bounded like the rest: however
 * many clients of the API there are, a subscriber that may still come finds a descriptor.
 */

import { refusingMax } from '../http/contract.js'
import type { BrokerConfig } from '../config/schema.js'
import { tlsOf } from '../config/tls-checks.js'
import { ConfigError } from '../errors.js'

export interface OpenFiles {
  /** Connections of the engine. */
  readonly connectionsMax: number
  readonly apiConnectionsMax: number
  /** HTTP requests on the Pusher port, which the engine hands over and then no longer counts. */
  readonly pusherHttpConnectionsMax: number
}

const apiConnectionsUsual = 1000
const pusherHttpConnectionsUsual = 10_000
/** What either of those takes of few files by default, and at most of fewer still: nearly all files are for subscribers. */
const httpShare = 1 / 100
const httpLeast = 128
const httpShareMost = 1 / 8

/** Node itself, standard streams, configuration files, name look-ups, and the log's own descriptor. */
const processFiles = 40
/** Poller, wake-up, io_uring, and one to spare. */
const shardFiles = 4
/** Log segments that may be files (LogMemory::mappings_max). */
const logFilesMax = 64
/** Connections over a limit that the engine still takes in, to tell them so (refusals_at_once_max in address_limit.h). */
const refusals = 32
/** A connection that is handed over decrypted: its socket, and the two ends of the pair. */
const filesOverTls = 3
/** The API's listeners. */
const apiListeners = 2

function resolveConnections(explicit: number | undefined, openFilesMax: number, reserve: number, connectionsMost: number): number {
  const most = openFilesMax - reserve
  if (explicit === undefined && most >= 1) return Math.min(most, connectionsMost)
  if (explicit !== undefined && explicit <= most) return explicit
  const problem = most >= 1
    ? `must be 1..${most} (${openFilesMax} open files less ${reserve} in reserve)`
    : `needs a limit of open files above ${reserve}, which is ${openFilesMax} now`
  throw new ConfigError([{ path: 'limits.connectionsMax', problem, got: explicit === undefined ? 'nothing' : String(explicit), source: null }])
}

export interface OpenFilesFor {
  readonly shards: number
  readonly listeners: number
  /** The most connections that memory has room for; what is configured stands all the same. */
  readonly connectionsMost: number
}

/** @throws {ConfigError} more connections than the limit of open files allows. */
export function shareOpenFiles(config: BrokerConfig, openFilesMax: number, counts: OpenFilesFor): OpenFiles {
  const { api, pusher: { apps }, limits } = config
  const share = Math.max(1, Math.floor(Math.max(openFilesMax * httpShare, Math.min(httpLeast, openFilesMax * httpShareMost))))
  const [perApi, perPusher] = (['api', 'pusher'] as const).map((key) => tlsOf(config, key) === null ? 1 : filesOverTls) as [number, number]
  const apiConnectionsMax = api === null ? 0 : api.connectionsMax ?? Math.min(apiConnectionsUsual, Math.ceil(share / perApi))
  const pusherHttpConnectionsMax = apps.length === 0 ? 0 : Math.min(pusherHttpConnectionsUsual, Math.ceil(share / perPusher))
  const webhooks = apps.reduce((sum, app) => sum + app.webhooks.length, 0) // each posts one batch at a time
  const reserve = processFiles + logFilesMax + refusals + shardFiles * counts.shards + counts.listeners + webhooks
    + (api === null ? 0 : (apiConnectionsMax + refusingMax) * perApi + apiListeners)
    + (apps.length === 0 ? 0 : (pusherHttpConnectionsMax + refusingMax) * perPusher)
  const connectionsMax = resolveConnections(limits.connectionsMax, openFilesMax, reserve, counts.connectionsMost)
  return { connectionsMax, apiConnectionsMax, pusherHttpConnectionsMax }
}
