/** Whose a request is: its connection's peer, or the client that a trusted proxy tells of. */

import type { EngineOptions, ProxyCalls } from '../native/binding.js'
import type { HttpClient, HttpHeaders } from './contract.js'

export interface HttpProxies extends ProxyCalls {
  /** The header by which trusted proxies tell; `none`: by none. */
  readonly header: EngineOptions['proxies']['header']
  /** Whether they begin each connection with a PROXY header. */
  readonly announced: boolean
}

/** `peer`: an address, with a port or without; null: nobody stands between. */
export function clientOf(peer: string, headers: HttpHeaders, proxies: HttpProxies | null): Omit<HttpClient, 'certificate'> {
  if (proxies === null) return { address: peer, proxied: false }
  const isProxy = proxies.isTrustedProxy(peer)
  const value = proxies.header === 'none' || !isProxy ? undefined : headers[proxies.header]
  const told = value === undefined ? null : proxies.forwardedClient(value)
  return { address: told ?? peer, proxied: isProxy || proxies.announced }
}
