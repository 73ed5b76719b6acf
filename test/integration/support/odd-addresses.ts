/** Requests from any address of the loopback network, each of which counts as a client of its own: upgrades, calls of gRPC, the HTTP API. */

import { request as httpRequest } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { soon } from './eventually.js'

/** An address for every number below 2^24. */
export function addressOf(number: number): string {
  return `127.${1 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`
}

interface Sent {
  readonly port: number
  readonly token: string
  readonly topic: string
  readonly from: string
}

const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }

/** The status of a request; 0: the connection ended without one. */
function status(sent: Sent, method: 'GET' | 'POST', path: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const { port, token, from } = sent
  const answered = new Promise<number>((resolve) => {
    const request = httpRequest({
      host: '127.0.0.1', port, localAddress: from, method, path, agent: false, maxHeaderSize: 65_536, headers: { ...headers, authorization: `Bearer ${token}` },
    })
    request.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve(response.statusCode ?? 0)
    })
    request.on('response', (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    request.on('error', () => resolve(0)).end()
  })
  return soon(`an answer to ${method} ${path}`, answered)
}

export function upgradeStatus(sent: Sent): Promise<number> {
  return status(sent, 'GET', `/${encodeURIComponent(sent.topic)}`, upgrade)
}

export function apiStatus(sent: Sent): Promise<number> {
  return status(sent, 'POST', `/topics/${encodeURIComponent(sent.topic)}`, { 'content-type': 'text/plain' })
}

/** `SubscribeRequest { subscriber = 1 }` without a field, behind its prefix. */
const emptyMessage = Buffer.alloc(5)

/** The gRPC status of a subscription; 0 when it is acknowledged, -1 where there is no gRPC status (an HTTP status or a reset instead). */
export function grpcStatus({ port, token, topic, from }: Sent): Promise<number> {
  const session = connectHttp2(`http://127.0.0.1:${port}`, { createConnection: () => connect({ host: '127.0.0.1', port, localAddress: from }) })
  const answered = new Promise<number>((resolve) => {
    session.on('error', () => resolve(-1))
    const call = session.request({
      ':method': 'POST', ':path': '/MessageService/Subscribe', te: 'trailers', 'content-type': 'application/grpc', topic, authorization: `Bearer ${token}`,
    })
    const take = (headers: Readonly<Record<string, unknown>>) => {
      if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']))
    }
    call.on('response', (headers) => {
      take(headers)
      if (headers[':status'] !== 200) resolve(-1)
      else if (headers['grpc-status'] === undefined) resolve(0)
    })
    call.on('trailers', take).on('error', () => resolve(-1)).on('close', () => resolve(-1))
    call.end(emptyMessage)
  })
  return soon('an answer to a call', answered).finally(() => session.destroy())
}
