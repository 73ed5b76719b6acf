/** `@tutti/broker/client` in Node, whose own WebSocket is a late-comer (22) and tells no status of a refusal: there it is that of `ws`. */

import { WebSocket } from 'ws'
import { subscribe as subscribeWith, type Subscription } from './client.js'
import type { ClientSocketConstructor, SubscribeOptions } from './events.js'

export * from './client.js'

/** Messages as long as a broker can be configured to carry, in base64 or escaped. */
const payloadBytesMax = 128 * 2 ** 20

class NodeSocket extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols, { perMessageDeflate: false, maxPayload: payloadBytesMax })
  }
}

/** As of client.ts. */
export function subscribe(url: string | URL, options: SubscribeOptions): Subscription {
  return subscribeWith(url, { WebSocket: NodeSocket as unknown as ClientSocketConstructor, ...options })
}
