/** Whose a request is: its connection's peer, or the client that a trusted proxy tells of. */

import type { EngineOptions } from '../native/binding.js'
import type { ProxyCalls } from '../native/proxies.js'
import type { HttpHeaders } from './contract.js'

export interface HttpProxies extends ProxyCalls {
  /** The header by which trusted proxies tell; `none`: by none. */
  readonly header: EngineOptions['proxies']['header']
  /** Whether they begin each connection with a PROXY header. */
  readonly announced: boolean
}

/** `peer`: an address, with a port or without. */
export function clientOf(peer: string, headers: HttpHeaders, proxies: HttpProxies): string {
  const value = proxies.header === 'none' ? undefined : headers[proxies.header]
  return value !== undefined && proxies.isTrustedProxy(peer) ? proxies.forwardedClient(value) ?? peer : peer
}
