/** What the contract of all HTTP servers (http-server-contract.ts) cannot reach: versions of uWebSockets.js that count connections. */

import { test } from 'tap'
import { createRouter } from '../../../src/http/router.js'
import { startUwsHttpServer } from '../../../src/http/uws-server.js'
import type { UwsApp, UwsListenSocket, UwsModule, UwsResponse } from '../../../src/http/uws-module.js'

test('connections over the bound are closed, and their places are given again', async (t) => {
  let tell: (connection: UwsResponse, count: number) => void = () => t.fail('nobody listens')
  const app: UwsApp = {
    any: () => app,
    filter(listener) {
      tell = listener
      return app
    },
    listen(_host, _port, _options, done) {
      done({} as UwsListenSocket)
      return app
    },
  }
  const uws: UwsModule = { App: () => app, us_listen_socket_close: () => {}, LIBUS_LISTEN_EXCLUSIVE_PORT: 1 }
  const limits = { requestHeadMs: 1000, requestMs: 1000, keepAliveMs: 10_000, connectionsMax: 2 }
  const service = createRouter([], { guard: null, onError: () => {} })
  const server = await startUwsHttpServer(uws, { addresses: [{ address: '127.0.0.1', port: 0, optional: false }], limits, service, proxies: null, onDenied: () => {} })
  t.teardown(() => server.close(0))

  /** A connection that comes, and that goes when it is closed. */
  const closed: string[] = []
  const come = (name: string) => {
    const connection = { close: () => { closed.push(name); tell(connection, -1) } } as unknown as UwsResponse
    tell(connection, 1)
    return connection
  }
  const first = come('first')
  come('second')
  t.strictSame(closed, [])
  come('third')
  t.strictSame(closed, ['third'])
  tell(first, -1)
  come('fourth')
  t.strictSame(closed, ['third'], 'there was a place')
  come('fifth')
  t.strictSame(closed, ['third', 'fifth'])
})
