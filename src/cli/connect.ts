/** A WebSocket to the broker for `pub` and `sub`, with failures in words. */

import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { describeSystemError } from '../endpoint.js'
import { printable } from '../log/printable.js'
import { noAccess, type ClientAccess } from './client-options.js'
import { CommandError } from './exit.js'

const handshakeTimeoutMs = 10_000
const reasonBytesMax = 500
/** The largest message a broker can be configured to carry. */
export const messageBytesMax = 16 * 2 ** 20

/** What a plain WebSocket listener is for; it says so in the header Broker-Role. */
export type Role = 'publish' | 'subscribe'

const defaultPorts: Readonly<Record<Role, number>> = { publish: 8001, subscribe: 8002 }

/** `localhost` is tried on both loopbacks; the errors then come wrapped. */
function systemCode(error: unknown): string | null {
  const { code, errors } = error as { code?: unknown; errors?: unknown }
  if (Array.isArray(errors) && errors.length > 0) return systemCode(errors[0])
  return typeof code === 'string' ? code : null
}

const untrusted: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
])

/** What a person can do about a handshake of TLS that failed; null: it was not that. */
function describeTlsError(code: string, { hostname }: URL): string | null {
  if (untrusted.has(code)) return `nobody that is trusted here has signed its certificate (${code}): see --ca`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `its certificate is not for ${hostname} (${code})`
  if (code === 'CERT_HAS_EXPIRED') return `its certificate has ended (${code})`
  if (code !== 'EPROTO' && !code.startsWith('ERR_SSL_')) return null
  return `no TLS could be agreed on (${code}): is it a wss:// port, and does it want a certificate (--cert)?`
}

function connectFailure(url: URL, error: Error): CommandError {
  const code = systemCode(error)
  const why = code === null ? error.message : describeTlsError(code, url) ?? describeSystemError(code)
  return new CommandError(`cannot connect to ${url.href}: ${why}`)
}

/** The handshake was answered, but not with a connection. */
export class RefusedError extends CommandError {
  /** Whether it may be another answer in a while: the broker is starting, closing or full. */
  readonly isTemporary: boolean

  constructor(message: string, status: number | undefined) {
    super(message)
    this.isTemporary = status === 429 || (status !== undefined && status >= 500)
  }
}

/** The port is for the other role; null when it is not, or does not say (other servers). */
function misdirected(url: URL, role: Role, { headers: { 'broker-role': other } }: IncomingMessage): CommandError | null {
  if (other === undefined || other === role) return null
  return new RefusedError(`${url.host} is the port to ${String(other)} (${defaultPorts[role]} is the usual one to ${role}): see --url`, undefined)
}

/** The broker's one-line reason for refusing a handshake. */
async function refusal(url: URL, response: IncomingMessage): Promise<CommandError> {
  let text = ''
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      text += String(chunk)
      if (text.length > reasonBytesMax) break
    }
  } catch {
    // A broker that cuts the answer short still refused.
  }
  const [reason = ''] = text.trim().split('\n', 1)
  return new RefusedError(`${url.href} was refused: ${response.statusCode} ${reason || response.statusMessage}`, response.statusCode)
}

export type OnMessage = (payload: Buffer, socket: WebSocket, kind: 'text' | 'binary') => void

export interface Connection {
  readonly socket: WebSocket
  /** Resolves with the close code and reason when the connection has ended; never rejects. */
  readonly closed: Promise<readonly [code: number, reason: string]>
}

/**
 * Connects. `onMessage` is attached before the handshake: a message may come in one packet with its answer.
 * @throws {CommandError} nobody listens, the handshake is refused, or the port is for the other role.
 */
export function connect(url: URL, role: Role, onMessage: OnMessage = () => {}, { headers, tls }: ClientAccess = noAccess): Promise<Connection> {
  const socket = new WebSocket(url, {
    perMessageDeflate: false, handshakeTimeout: handshakeTimeoutMs, maxPayload: messageBytesMax, headers, ...tls,
  })
  socket.on('message', (payload: Buffer, isBinary) => onMessage(payload, socket, isBinary ? 'binary' : 'text'))
  const closed = new Promise<readonly [number, string]>((resolve) => {
    socket.once('close', (code, reason) => resolve([code, reason.toString()]))
  })
  return new Promise((resolve, reject) => {
    socket.once('unexpected-response', (request, response) => {
      const refused = misdirected(url, role, response) ?? refusal(url, response)
      void Promise.resolve(refused).then((error) => {
        request.destroy()
        reject(error)
      })
    })
    socket.once('upgrade', (response) => {
      const error = misdirected(url, role, response)
      if (error === null) return
      socket.terminate()
      reject(error)
    })
    // After the handshake an error only precedes a 'close', which says more.
    socket.on('error', (error) => reject(connectFailure(url, error)))
    socket.once('open', () => resolve({ socket, closed }))
  })
}

/** Why the broker ended a connection we wanted to keep. */
export function closedByBroker(code: number, reason: string): CommandError {
  if (code === 1006) return new CommandError('the connection to the broker was lost')
  return new CommandError(`the broker closed the connection: ${code} ${printable(reason)}`.trimEnd())
}
