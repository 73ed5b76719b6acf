/** What the HTTP servers of this process are told of the proxies in front of them, and where they tell whom they denied. */

import type { HttpServerOptions } from './http/contract.js'
import type { ExtensionPort } from './extension.js'
import type { EngineOptions } from './native/binding.js'
import type { ProxyCalls } from './native/proxy-binding.js'

/** `port`: nothing before the engine runs. No request can have come by then. */
export function httpPlaceOf(
  port: () => ExtensionPort | null, { proxies }: Pick<EngineOptions, 'proxies'>, announced: boolean,
): Pick<HttpServerOptions, 'proxies' | 'onDenied'> {
  // While the broker ends, requests are answered when its engine is gone already.
  const ask = <Answer>(call: (engine: ProxyCalls) => Answer, otherwise: Answer): Answer => {
    try {
      const at = port()
      return at === null ? otherwise : call(at.engine)
    } catch {
      return otherwise
    }
  }
  return {
    proxies: proxies.trusted.length === 0 ? null : {
      header: proxies.header,
      announced,
      isTrustedProxy: (address) => ask((engine) => engine.isTrustedProxy(address), false),
      forwardedClient: (value) => ask((engine) => engine.forwardedClient(value), null),
      readProxyHeader: (bytes) => ask((engine) => engine.readProxyHeader(bytes), null),
    },
    onDenied: (client, request, status) => port()?.warn('request-denied', `denied ${request} from ${client}: ${status}`),
  }
}
