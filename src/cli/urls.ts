/** Where the broker listens, as clients write it. */

import type { Broker } from '../broker.js'
import { formatEndpoint, isUnixAddress } from '../endpoint.js'
import type { BoundHttp } from '../http/contract.js'
import type { BoundListener, ProtocolName } from '../native/binding.js'

/** What is spoken, without TLS and with it. gRPC clients take a host and a port. */
const schemes: Readonly<Record<ProtocolName, readonly [plain: string, secure: string]>> = {
  'websocket-publish': ['ws://', 'wss://'], 'websocket-subscribe': ['ws://', 'wss://'], pusher: ['ws://', 'wss://'], grpc: ['', ''],
  http: ['http://', 'https://'], 'responder-raw': ['tcp://', 'tls://'], 'responder-line': ['tcp://', 'tls://'],
}

/** Whether clients of a listener must speak TLS. */
export function isSecure({ options }: Pick<Broker, 'options'>, { protocol, address }: Pick<BoundListener, 'protocol' | 'address'>): boolean {
  return !isUnixAddress(address) && options.listeners.some((each) => each.protocol === protocol && !isUnixAddress(each.address) && each.tls !== null)
}

/** `wss://127.0.0.1:8001`, `127.0.0.1:50051`, `unix:/run/broker.sock`. */
export function listenerUrl(broker: Pick<Broker, 'options'>, listener: BoundListener): string {
  const { protocol, address, port } = listener
  if (isUnixAddress(address)) return address
  const [plain, secure] = schemes[protocol]
  return `${isSecure(broker, listener) ? secure : plain}${formatEndpoint(address, port)}`
}

/** Of the HTTP API. */
export function apiUrl({ address, port, secure = false }: BoundHttp): string {
  return `${secure ? 'https' : 'http'}://${formatEndpoint(address, port)}`
}
