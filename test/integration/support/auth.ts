/** A broker with `auth`, and clients that bring what they are told to, whatever they speak. */

import { once } from 'node:events'
import { WebSocket, type ClientOptions } from 'ws'
import { reloadAuth } from '../../../src/auth-extension.js'
import { parseOptions } from '../../../src/config/parse.js'
import type { BrokerOptions } from '../../../src/index.js'
import { embedGrpc, type GrpcBroker } from './grpc-broker.js'

interface Test {
  teardown(task: () => unknown): void
}

export interface AuthBroker extends GrpcBroker {
  readonly apiPort: number
  /** Names and messages. */
  readonly warnings: string[]
  reload(options: BrokerOptions): Promise<void>
}

export async function embedAuth(t: Test, auth: BrokerOptions['auth'], options: BrokerOptions = {}): Promise<AuthBroker> {
  const embedded = await embedGrpc(t, { api: { hosts: ['127.0.0.1'], port: 0 }, ...options, auth })
  const { broker } = embedded
  const warnings: string[] = []
  broker.on('warning', ({ name, message }) => warnings.push(`${name}: ${message}`))
  return { ...embedded, apiPort: broker.api[0]?.port ?? 0, warnings, reload: (changed) => reloadAuth(broker.port, parseOptions(changed)) }
}

/** The status of an upgrade, and what was answered with it. */
export interface Opened {
  readonly status: number
  readonly challenge: string | undefined
  readonly protocol: string
  readonly socket: WebSocket
}

export async function open(t: Test, url: string, { token = null, protocols = [], headers = {}, options = {} }: {
  readonly token?: string | null
  readonly protocols?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  /** For TLS. */
  readonly options?: ClientOptions
} = {}): Promise<Opened> {
  const socket = new WebSocket(url, [...protocols], { ...options, headers: { ...headers, ...token === null ? {} : { authorization: `Bearer ${token}` } } })
  t.teardown(() => socket.terminate())
  const result = await new Promise<Opened>((resolve, reject) => {
    socket.once('open', () => resolve({ status: 101, challenge: undefined, protocol: socket.protocol, socket }))
    socket.once('unexpected-response', (_request, response) => {
      response.resume()
      resolve({ status: response.statusCode ?? 0, challenge: response.headers['www-authenticate'], protocol: '', socket })
    })
    socket.once('error', reject)
  })
  socket.on('error', () => {})
  return result
}

/** The close code and reason. */
export async function closed(socket: WebSocket): Promise<readonly [number, string]> {
  const [code, reason] = await once(socket, 'close') as [number, Buffer]
  return [code, reason.toString()]
}

/** The status of one publication over the API. */
export async function post(port: number, topic: string, token: string | null): Promise<number> {
  const headers = token === null ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(`http://127.0.0.1:${port}/topics/${topic}`, { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain', ...headers } })
  await response.text()
  return response.status
}
