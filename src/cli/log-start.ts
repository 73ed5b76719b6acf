/** What `broker start` says once it listens: where, with which derived limits, and what an operator should change. */

import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import type { Broker } from '../broker.js'
import { describeSystemError, formatEndpoint } from '../endpoint.js'
import { cgroupLimits, type CgroupLimits } from '../machine/cgroups.js'
import { processBytes } from '../machine/memory-shares.js'
import type { BoundListener, ProtocolName } from '../native/binding.js'
import { packageVersion } from '../package-info.js'
import { logTuning } from './log-tuning.js'
import { apiUrl, isSecure, listenerUrl } from './urls.js'

/** The backlog the engine asks for; the kernel cuts it to somaxconn. */
const backlog = 4096
const connectionsWanted = 4000
const KiB = 2 ** 10
const MiB = 2 ** 20

const roles: Readonly<Record<ProtocolName, string>> = {
  'websocket-publish': 'publish', 'websocket-subscribe': 'subscribe', pusher: 'pusher', grpc: 'grpc',
  'responder-raw': 'responder', 'responder-line': 'responder', http: 'api',
}

/** The kernel's bound on a listener's backlog, or null where it cannot be read. */
function somaxconn(): number | null {
  try {
    return Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'))
  } catch {
    return null
  }
}

function hints(broker: Broker): string[] {
  const { connectionsMax } = broker.options.limits
  const queue = somaxconn()
  const found: string[] = []
  for (const { address, port, code } of broker.skipped) {
    found.push(`not listening on ${formatEndpoint(address, port)}: ${describeSystemError(code)}`)
  }
  if (connectionsMax < connectionsWanted) {
    found.push(`only ${connectionsMax} connections at a time; for more raise limits.connectionsMax and the limit of open files (ulimit -n)`)
  }
  if (queue !== null && queue < backlog) {
    found.push(`net.core.somaxconn is ${queue}: more clients connecting at once wait; set it to ${backlog}`)
  }
  for (const { address, port } of broker.listeners.filter(({ shared }) => shared)) {
    found.push(`another process listens on ${formatEndpoint(address, port)} too (reusePort): clients are dealt out between them, and what is published here reaches only those of this process`)
  }
  return found
}

/** `64 KiB`; a number that is no whole KiB stays bytes. */
function formatBytes(bytes: number): string {
  if (bytes % MiB === 0) return `${bytes / MiB} MiB`
  return bytes % KiB === 0 ? `${bytes / KiB} KiB` : `${bytes} bytes`
}

/** Of `::`, which people bind for everything. */
function alsoIpv4({ dualStack }: BoundListener): string {
  return dualStack ? ', IPv4 too' : ''
}

/** What the control group allows, where it allows less than the machine has: the defaults follow it. */
function logLimits({ options }: Broker, { memoryBytes, cpus }: CgroupLimits, logger: Logger): void {
  if (memoryBytes === null && cpus === null) return
  const { topicsMax, sendBufferBytes } = options.limits
  const { streamsMax, bufferBytesMax } = options.grpc
  const allowed = [
    ...memoryBytes === null ? [] : [`${formatBytes(memoryBytes)} of memory`],
    ...cpus === null ? [] : [`${Number(cpus.toFixed(2))} ${cpus === 1 ? 'CPU' : 'CPUs'}`],
  ]
  const chosen = [
    `${topicsMax} topics`, `send buffers of ${formatBytes(sendBufferBytes)}`, `${streamsMax} gRPC calls with ${formatBytes(bufferBytesMax)} of buffers`,
  ]
  const details = { event: 'control-group', memoryBytes, cpus, topicsMax, sendBufferBytes, streamsMax, bufferBytesMax }
  logger.info(details, `the control group allows ${allowed.join(' and ')}; within it: ${chosen.join(', ')}`)
  if (memoryBytes !== null && memoryBytes < processBytes * 3 / 2) {
    logger.warn({ event: 'hint' }, `${formatBytes(memoryBytes)} of memory is little: the process alone takes about ${formatBytes(processBytes)}`)
  }
}

export function logStart(broker: Broker, logger: Logger, group = cgroupLimits()): void {
  const { shards, io, limits } = broker.options
  for (const listener of broker.listeners.filter(({ protocol }) => protocol !== 'http')) {
    const { protocol, address, port } = listener
    const url = listenerUrl(broker, listener)
    const secure = isSecure(broker, listener)
    const details = { event: 'listening', role: roles[protocol], address, port, url, ...secure ? { tls: true } : {} }
    logger.info(details, `listening on ${url} (${roles[protocol]}${secure && protocol === 'grpc' ? ', TLS' : ''}${alsoIpv4(listener)})`)
  }
  for (const bound of broker.api) {
    const { address, port } = bound
    const url = apiUrl(bound)
    logger.info({ event: 'listening', role: 'api', address, port, url }, `listening on ${url} (api)`)
  }
  logTuning(broker, logger)
  logLimits(broker, group, logger)
  for (const hint of hints(broker)) logger.warn({ event: 'hint' }, hint)
  const { connectionsMax, messageBytesMax, logBytesMax } = limits
  const sizes = `messages up to ${formatBytes(messageBytesMax)}, ${formatBytes(logBytesMax)} of logs`
  const details = { event: 'ready', version: packageVersion(), shards, io, connectionsMax, messageBytesMax, logBytesMax }
  logger.info(details, `ready: ${shards} ${shards === 1 ? 'shard' : 'shards'} (${io}), up to ${connectionsMax} connections, ${sizes}`)
}
