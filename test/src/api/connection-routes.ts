/** `/connections` on a broker of plain TypeScript, without a server. */

import { test } from 'tap'
import type { ApiDeps } from '../../../src/api/api.js'
import { connectionRoutes } from '../../../src/api/connection-routes.js'
import type { ConnectionsQuery } from '../../../src/connections.js'

const empty = { total: 0, connections: [], next: null }

function start(failure: Error | null = null) {
  const asked: ConnectionsQuery[] = []
  const routes = connectionRoutes({
    connections: async (query: ConnectionsQuery) => {
      asked.push(query)
      if (failure !== null) throw failure
      return empty
    },
    removeConnection: async (id: number) => {
      if (failure !== null) throw failure
      return id === 17
    },
  } as Partial<ApiDeps> as ApiDeps)
  const ask = async (method: string, { query = '', id = '' }) => {
    const route = routes.find((each) => each.method === method)
    if (route === undefined) throw new Error(`there is no route for ${method}`)
    return route.handle({ method, path: '/connections', query, headers: {}, body: Buffer.alloc(0), parameters: { id } })
  }
  return { asked, ask, routes }
}

test('a query is what the broker is asked', async (t) => {
  const { asked, ask } = start()
  const none = { protocol: undefined, listener: undefined, peer: undefined, topic: undefined, subject: undefined, sort: undefined, limit: undefined, after: undefined }
  t.match(await ask('GET', {}), { status: 200, body: JSON.stringify(empty) })
  const query = 'protocol=grpc&listener=%5B%3A%3A1%5D%3A50051&peer=10.&topic=prices%2F&subject=alice&sort=bytesIn&limit=7&after=5-6'
  t.match(await ask('GET', { query }), { status: 200 })
  t.strictSame(asked, [none, {
    protocol: 'grpc', listener: '[::1]:50051', peer: '10.', topic: 'prices/', subject: 'alice', sort: 'bytesIn', limit: 7, after: '5-6',
  }])
})

test('what is no question is told so', async (t) => {
  const { ask, asked } = start()
  t.match(await ask('GET', { query: 'max=5' }), { status: 400, body: /the query may have protocol, listener, .*, got: max/ })
  t.strictSame(asked, [])
  t.match(await start(new RangeError('limit must be 1..1000, got: 0')).ask('GET', { query: 'limit=0' }), { status: 400, body: /limit must be 1..1000, got: 0/ })
  const { asked: wrong, ask: askWrong } = start()
  await askWrong('GET', { query: 'limit=1e3' })
  t.match(wrong, [{ limit: NaN }])
})

test('who cannot be answered now may ask again', async (t) => {
  const busy = Object.assign(new Error('busy'), { code: 'ERR_BUSY' })
  for (const asking of [start(busy).ask('GET', {}), start(busy).ask('DELETE', { id: '17' })]) {
    t.match(await asking, { status: 503, headers: { 'retry-after': '1' } })
  }
  await t.rejects(start(new Error('a fault')).ask('GET', {}), new Error('a fault'))
})

test('ending one', async (t) => {
  const { ask } = start()
  t.match(await ask('DELETE', { id: '17' }), { status: 200, body: '{"id":17,"removed":true}' })
  for (const id of ['18', '0', '-1', '1.5', 'x', '9007199254740993', '17/..']) {
    t.match(await ask('DELETE', { id }), { status: 404, body: new RegExp(`there is no such connection, got: ${id}`) }, id)
  }
})

test('only who may ask', (t) => {
  t.strictSame(start().routes.map(({ access }) => access), ['token', 'token'])
  t.end()
})

test('a credential may stand in the query, and is no part of what is asked', async (t) => {
  const { asked, ask } = start()
  t.match(await ask('GET', { query: 'token=a-token&limit=7' }), { status: 200 })
  t.match(asked, [{ limit: 7 }])
})
