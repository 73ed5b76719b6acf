/** A WebSocket server of npm's `ws` in the test's own process, for the clients `pub` and `sub`. */

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws'

interface Test {
  teardown(task: () => unknown): void
}

export interface TestServer {
  readonly server: WebSocketServer
  readonly url: string
  /** The next connection and the path it asked for. */
  connection(): Promise<{ socket: WebSocket; path: string }>
}

export async function startServer(t: Test, options: ServerOptions = {}): Promise<TestServer> {
  const server = new WebSocketServer({ ...options, host: '127.0.0.1', port: 0 })
  t.teardown(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    server,
    url: `ws://127.0.0.1:${port}`,
    async connection() {
      const [socket, request] = await once(server, 'connection') as [WebSocket, { url: string }]
      return { socket, path: request.url }
    },
  }
}
