import { test } from 'tap'
import { startHttpServer, type HttpServerChoice } from '../../../src/api/http-servers.js'
import { createRouter } from '../../../src/http/router.js'
import { loadUws } from '../../../src/http/uws-module.js'

const service = createRouter([{
  method: 'GET', path: '/', bodyBytesMax: 0, access: 'anyone', handle: () => ({ status: 200, headers: {}, body: '' }),
}], { guard: null, onError: () => {} })

const options = {
  addresses: [{ address: '127.0.0.1', port: 0, optional: false }],
  limits: { requestHeadMs: 1000, requestMs: 1000, keepAliveMs: 10_000, connectionsMax: 10 },
  proxies: null, onDenied: () => {},
  service,
}

/** Which server it is: uWebSockets.js signs its answers. */
async function kindOf(choice: HttpServerChoice): Promise<string> {
  const server = await startHttpServer(choice, options)
  const { headers } = await fetch(`http://127.0.0.1:${server.bound[0]?.port}/`)
  await server.close(0)
  return headers.has('uwebsockets') ? 'uws' : 'node'
}

/** It has no binaries for some versions of Node. */
const uwsRuns = await loadUws() !== null

test('choices', { skip: !uwsRuns }, async (t) => {
  t.equal(await kindOf('node'), 'node')
  t.equal(await kindOf('uws'), 'uws')
  t.equal(await kindOf('auto'), 'node', 'also where uWebSockets.js is installed')
})

test('uWebSockets.js is asked for and missing', async (t) => {
  await t.rejects(startHttpServer('uws', options, { load: async () => null }), {
    name: 'ConfigError',
    message: 'api.server must be auto or node (uWebSockets.js is not installed, see docs/http-api.md), got: uws',
  })
})

test('uWebSockets.js in a worker thread', async (t) => {
  const host = { isMainThread: false, load: async () => t.fail('it is not even loaded') as never }
  await t.rejects(startHttpServer('uws', options, host), {
    name: 'ConfigError',
    message: 'api.server must be auto or node (uWebSockets.js cannot run in a worker thread, whose end would abort the process), got: uws',
  })
})
