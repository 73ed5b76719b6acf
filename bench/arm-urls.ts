/** Where arms are reached, by what the load of a scenario speaks. `{topic}` stands for the topic's name. */

import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { app } from './arm-configs.js'

export interface Ports {
  readonly publish: number
  readonly subscribe: number
  readonly pusher: number
}

/**
 * What the load of a scenario speaks: the plain contract or its likes, Pusher's protocol, only Pusher's HTTP API, raw streams
 * that are answered with what they sent, gRPC, also with topics that retain their last message, or the plain contract over TLS.
 */
export type Family = 'plain' | 'pusher' | 'pusher-http' | 'responder-tcp' | 'responder-unix' | 'grpc' | 'grpc-last' | 'tls'

export interface Urls {
  readonly publish: string
  readonly subscribe: string
}

export type UrlsByFamily = Partial<Readonly<Record<Family, (ports: Ports) => Urls>>>

export const plainUrls = ({ publish, subscribe }: Ports): Urls => ({
  publish: `ws://127.0.0.1:${publish}/{topic}`,
  subscribe: `ws://127.0.0.1:${subscribe}/{topic}`,
})

export const tlsUrls = ({ publish, subscribe }: Ports): Urls => ({
  publish: `wss://127.0.0.1:${publish}/{topic}`,
  subscribe: `wss://127.0.0.1:${subscribe}/{topic}`,
})

/** The plain contract, each client with its token. */
export function withToken(token: string): (ports: Ports) => Urls {
  return (ports) => {
    const { publish, subscribe } = plainUrls(ports)
    return { publish: `${publish}?token=${token}`, subscribe: `${subscribe}?token=${token}` }
  }
}

export function pusherUrls({ pusher }: Ports): Urls {
  const url = `pusher://${app.key}:${app.secret}@127.0.0.1:${pusher}/${app.id}/{topic}`
  return { publish: url, subscribe: url }
}

/** Short, whatever the checkout's folder is: a socket's path has 107 bytes. */
export const socketOf = ({ publish }: Ports): string => join(tmpdir(), `broker-bench-${publish}.sock`)

export const responderUrls: UrlsByFamily = {
  'responder-tcp': ({ publish }) => ({ publish: `tcp://127.0.0.1:${publish}/`, subscribe: `tcp://127.0.0.1:${publish}/` }),
  'responder-unix': (ports) => ({ publish: `unix:${socketOf(ports)}`, subscribe: `unix:${socketOf(ports)}` }),
}

export const grpcUrl = ({ publish }: Ports): Urls => ({ publish: `grpc://127.0.0.1:${publish}/`, subscribe: `grpc://127.0.0.1:${publish}/` })

export const grpcUrls: UrlsByFamily = { grpc: grpcUrl, 'grpc-last': grpcUrl }

/** Servers of one port for everything. */
export function onePort(scheme: string): UrlsByFamily {
  return {
    plain: ({ publish }) => {
      const url = `${scheme}://127.0.0.1:${publish}/{topic}`
      return { publish: url, subscribe: url }
    },
  }
}

/** Far from those that the kernel gives out, in whose range the front's are. */
const belowEphemeral = 20_000

/** The ports of who is behind a server in front. */
export const behind = ({ publish, subscribe, pusher }: Ports): Ports => ({
  publish: publish - belowEphemeral, subscribe: subscribe - belowEphemeral, pusher: pusher - belowEphemeral,
})
