/** From configured hosts to the addresses to listen on. */

import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { formatEndpoint } from '../endpoint.js'
import { ConfigError } from '../errors.js'
import type { Resolve } from '../machine/resolve.js'
import type { ListenerOptions, ProtocolName } from '../native/binding.js'

export interface ListenerConfig {
  readonly hosts?: readonly string[] | undefined
  readonly port: number
}

/** One whose connections the engine takes. */
export interface EngineListenerConfig extends ListenerConfig {
  readonly proxyProtocol: boolean
}

interface Address {
  readonly address: string
  readonly optional: boolean
}

/** Both loopbacks; a machine without IPv6 has only the first. */
const loopbacks: readonly Address[] = [
  { address: '127.0.0.1', optional: false },
  { address: '::1', optional: true },
]

/** The addresses of one host. @throws {ConfigError} it does not resolve; the error names `key`. */
export async function addressesOf(host: string, key: string, resolve: Resolve): Promise<readonly Address[]> {
  if (isIP(host) !== 0) {
    const zone = host.split('%', 2)[1]
    if (zone === undefined || /^\d+$/.test(zone) || zone in networkInterfaces()) return [{ address: host, optional: false }]
    throw new ConfigError([{ path: key, problem: 'must name an interface of this machine behind %', got: host, source: null }])
  }
  if (host === 'localhost') return loopbacks
  try {
    return (await resolve(host)).map((address) => ({ address, optional: false }))
  } catch (error) {
    const { code = 'not found' } = error as NodeJS.ErrnoException
    throw new ConfigError([{ path: key, problem: 'must be addresses or names that resolve', got: `${host} (${code})`, source: null }])
  }
}

/** A listener but for whether it asks, which follows from `auth`. */
export type UnaskedListener = Omit<ListenerOptions, 'asks'>

export type ListenAddress = Pick<ListenerOptions, 'address' | 'port' | 'optional'>

/** Which web pages may connect. */
export type WebRules = Pick<ListenerOptions, 'origins' | 'names'>

/** For protocols that no page can speak, or whose rules are somewhere else. */
export const noPages: WebRules = { origins: null, names: [] }

/** The same, and by which of the engine's TLS sections it speaks; absent: plain. */
export interface ListenerTraits extends WebRules {
  readonly tls?: number | null
}

/** The configured names are this server's; those that are addresses need not be told. */
export function webRulesOf({ hosts = [], origins }: { readonly hosts?: readonly string[] | undefined, readonly origins: readonly string[] | null }): WebRules {
  return {
    origins: origins?.map((origin) => origin.toLowerCase()) ?? null,
    names: hosts.filter((name) => isIP(name) === 0).map((name) => name.toLowerCase()),
  }
}

/**
 * Where to listen, one row an address and no address twice. Without configured hosts: both loopbacks.
 * @throws {ConfigError} a host that does not resolve.
 */
export async function resolveAddresses(key: string, { hosts, port }: ListenerConfig, resolve: Resolve): Promise<ListenAddress[]> {
  const lists = await Promise.all((hosts ?? ['localhost']).map((host) => addressesOf(host, `${key}.hosts`, resolve)))
  const unique = new Map(lists.flat().map((entry) => [formatEndpoint(entry.address, port), entry]))
  return [...unique.values()].map(({ address, optional }) => ({ address, port, optional }))
}

/** The listeners of one protocol, none for null. @throws as resolveAddresses. */
export async function resolveListeners(
  protocol: ProtocolName, key: string, listener: EngineListenerConfig | null, resolve: Resolve, { tls = null, ...web }: ListenerTraits = noPages,
): Promise<UnaskedListener[]> {
  if (listener === null) return []
  const { proxyProtocol } = listener
  return (await resolveAddresses(key, listener, resolve)).map((each) => ({ protocol, ...each, ...web, proxyProtocol, socketMode: null, tls }))
}
