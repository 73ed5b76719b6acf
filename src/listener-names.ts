/** What listeners are called where a person is told of them. */

import type { ProtocolName } from './native/binding.js'

export interface ListenerName {
  /** The section of the configuration that says where it listens. */
  readonly key: string
  /** The flag of `broker start` for its port. */
  readonly flag: string
}

export const listenerNames: Readonly<Record<ProtocolName | 'api', ListenerName>> = {
  'websocket-publish': { key: 'publish.port', flag: '--publish-port' },
  'websocket-subscribe': { key: 'subscribe.port', flag: '--subscribe-port' },
  pusher: { key: 'pusher.port', flag: '--pusher-port' },
  grpc: { key: 'grpc.port', flag: '--grpc-port' },
  'responder-raw': { key: 'responder.listen', flag: '--responder' },
  'responder-line': { key: 'responder.listen', flag: '--responder' },
  api: { key: 'api.port', flag: '--api-port' },
}

/** ` (publish.port, --publish-port)`: where the address that cannot be had comes from, and what to change. */
export function nameListener(protocol: ProtocolName | 'api'): string {
  const { key, flag } = listenerNames[protocol]
  return ` (${key}, ${flag})`
}
