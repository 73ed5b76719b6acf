/** What anybody who reaches a listener from another machine may do there without saying who it is. */

import type { BrokerConfig } from '../config/schema.js'
import { formatEndpoint, isLoopback, isUnixAddress } from '../endpoint.js'
import type { ListenerOptions, ProtocolName } from '../native/binding.js'

export interface Exposure {
  /** Where, such as `0.0.0.0:8001`. */
  readonly endpoint: string
  readonly may: readonly ('publish' | 'subscribe' | 'read last messages')[]
}

type Place = Pick<ListenerOptions, 'protocol' | 'address' | 'port'>
type Right = Exposure['may'][number]

/** What can be done on a protocol at all. Pusher clients need an app's key, and its secret for all that is not public; the API has a token. */
const rights: Readonly<Record<ProtocolName, readonly Right[]>> = {
  'websocket-publish': ['publish'], 'websocket-subscribe': ['subscribe'], grpc: ['publish', 'subscribe'],
  'responder-raw': ['read last messages'], 'responder-line': ['read last messages'], pusher: [], http: [],
}

const sections: Partial<Record<ProtocolName, 'publish' | 'subscribe' | 'grpc'>> = {
  'websocket-publish': 'publish', 'websocket-subscribe': 'subscribe', grpc: 'grpc',
}

/** Whether somebody who brings no credential may do that from another machine. */
function isOpen({ auth, responder, ...config }: BrokerConfig, protocol: ProtocolName, right: Right): boolean {
  if (right === 'read last messages') return responder?.reply === 'last'
  if (auth === null) return true
  const section = sections[protocol]
  const taken = section === undefined ? undefined : config[section]?.auth
  return (taken === undefined || taken.includes('anonymous')) && (auth.anonymous?.[right] ?? []).length > 0
}

/** One row for each listener that other machines reach and on which anybody may do something. */
export function exposures(config: BrokerConfig, listeners: readonly Place[]): Exposure[] {
  const reachable = listeners.filter(({ address }) => !isLoopback(address) && !isUnixAddress(address))
  return reachable.flatMap(({ protocol, address, port }) => {
    const may = rights[protocol].filter((right) => isOpen(config, protocol, right))
    return may.length === 0 ? [] : [{ endpoint: formatEndpoint(address, port), may }]
  })
}

/** The warning about them, which nobody is to miss; null: there is nothing to warn of. */
export function exposureWarning(config: BrokerConfig, listeners: readonly Place[]): string | null {
  const found = exposures(config, listeners)
  if (found.length === 0) return null
  const list = found.map(({ endpoint, may }) => `${may.join(' and ')} on ${endpoint}`).join(', ')
  const why = config.auth === null ? 'there is no authentication (auth)' : 'auth.anonymous says so'
  return `OPEN TO EVERYBODY: whoever reaches this machine may ${list}, because ${why}; see docs/security.md, "Before you expose it"`
}

/** Tokens and messages can be read on the way to these. */
export function plainWarning(config: BrokerConfig, listeners: readonly (Place & Pick<ListenerOptions, 'tls'>)[]): string | null {
  if (config.auth === null) return null // then there is a louder one
  const plain = listeners.filter(({ address, tls }) => tls === null && !isLoopback(address) && !isUnixAddress(address))
  if (plain.length === 0) return null
  const list = plain.map(({ address, port }) => formatEndpoint(address, port)).join(', ')
  return `without TLS (tls) tokens and messages can be read on the way to ${list}`
}
