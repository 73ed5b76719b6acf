/** Listening on several addresses as one: all or none, and port 0 means one free port on all of them. */

import { createServer, type Server, type Socket } from 'node:net'
import { listenError } from '../listen-error.js'
import type { BoundHttp, HttpAddress } from './contract.js'

/** One address that is listened on. */
export interface Listening extends BoundHttp {
  /** Resolves when the port is free again. */
  close(): Promise<void>
}

/** Rejects with the system's error. */
export type Listen = (address: string, port: number) => Promise<Listening>

/** The port that is free on the first address may be taken on the second. */
const portChoicesMax = 16
const backlog = 4096
const absent = new Set<unknown>(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EPROTONOSUPPORT'])

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code
}

function explain(error: unknown, address: string, port: number): unknown {
  const code = codeOf(error)
  if (typeof code !== 'string') return error
  return listenError(code, { address, port }, 'api', error) // the only one that listens by itself
}

async function listenOnce(addresses: readonly HttpAddress[], listen: Listen, bound: Listening[]): Promise<void> {
  for (const { address, port: wanted, optional } of addresses) {
    const port = wanted === 0 ? bound[0]?.port ?? 0 : wanted
    try {
      bound.push(await listen(address, port))
    } catch (error) {
      if (!optional || !absent.has(codeOf(error))) throw explain(error, address, port)
    }
  }
}

/**
 * Listens on every address but the optional ones that this machine lacks.
 * @throws {ListenError} nothing listens then.
 */
export async function listenOnAll(addresses: readonly HttpAddress[], listen: Listen): Promise<readonly Listening[]> {
  for (let choice = 1; ; choice += 1) {
    const bound: Listening[] = []
    try {
      await listenOnce(addresses, listen, bound)
      return bound
    } catch (error) {
      await Promise.all(bound.map((each) => each.close()))
      const another = codeOf(error) === 'EADDRINUSE' && bound.length > 0 && addresses[0]?.port === 0
      if (!another || choice === portChoicesMax) throw error
    }
  }
}

function listening(server: Server, address: string): Listening {
  const { port } = server.address() as { port: number }
  return { address, port, close: () => new Promise((resolve) => server.close(() => resolve())) }
}

/** Listens by Node's net; connections come as they are, half-open ones too. */
export function listenWithNet(onConnection: (socket: Socket) => void): Listen {
  return (address, port) => new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, onConnection)
    server.once('error', reject)
    server.listen({ host: address, port, backlog, ipv6Only: true }, () => {
      // From now on an error is one of accept: that connection is lost, and the others are none the worse.
      server.off('error', reject).on('error', () => {})
      resolve(listening(server, address))
    })
  })
}
