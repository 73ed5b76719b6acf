/** A real HTTP server on a free port of the loopback that answers as a test says, and keeps what it was asked. */

import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Test {
  teardown(task: () => unknown): void
}

export interface Request {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export type Respond = (response: ServerResponse, request: Request) => void

export function json(value: unknown, status = 200): Respond {
  return (response) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

export class TestServer {
  readonly requests: Request[] = []
  #port = 0
  /** How requests are answered from now on. */
  respond: Respond = json({})
  readonly #server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const got = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts).toString() }
      this.requests.push(got)
      this.respond(response, got)
    })
  })

  static async start(t: Test): Promise<TestServer> {
    const server = new TestServer()
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    server.#port = (server.#server.address() as AddressInfo).port
    t.teardown(() => server.stop())
    return server
  }

  url(path = '/'): URL {
    return new URL(path, `http://127.0.0.1:${this.#port}`)
  }

  /** Ends every connection and listens no more. */
  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}
