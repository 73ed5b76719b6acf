/** What a person is told of an address that cannot be listened on: which listener it is, and what to change. */

import { describeSystemError, formatEndpoint } from './endpoint.js'
import { ListenError } from './errors.js'
import type { ProtocolName } from './native/binding.js'

interface ListenerName {
  /** The section of the configuration that says where it listens. */
  readonly key: string
  /** The flag of `broker start` for its port. */
  readonly flag: string
}

const listenerNames: Readonly<Record<ProtocolName | 'api', ListenerName>> = {
  'websocket-publish': { key: 'publish.port', flag: '--publish-port' },
  'websocket-subscribe': { key: 'subscribe.port', flag: '--subscribe-port' },
  pusher: { key: 'pusher.port', flag: '--pusher-port' },
  grpc: { key: 'grpc.port', flag: '--grpc-port' },
  'responder-raw': { key: 'responder.listen', flag: '--responder' },
  'responder-line': { key: 'responder.listen', flag: '--responder' },
  api: { key: 'api.port', flag: '--api-port' },
  http: { key: 'api.port', flag: '--api-port' }, // the API over TLS
}

/** An address and port as they were asked for. */
export interface ListenPlace {
  readonly address: string
  readonly port: number
}

/** `code`: the system's name. `protocol`: whose listener it is; null where that is not known. `cause`: what the system threw. */
export function listenError(code: string, { address, port }: ListenPlace, protocol: ProtocolName | 'api' | null, cause: unknown): ListenError {
  const name = protocol === null ? '' : ` (${listenerNames[protocol].key}, ${listenerNames[protocol].flag})`
  const message = `cannot listen on ${formatEndpoint(address, port)}${name}: ${describeSystemError(code)}`
  return new ListenError(message, { code, address, port }, { cause })
}
