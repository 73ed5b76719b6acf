import { test } from 'tap'
import type { ApiDeps } from '../../../src/api/api.js'
import { startApi } from '../../../src/api/start-api.js'
import { loadUws } from '../../../src/http/uws-module.js'
import { parseOptions } from '../../../src/config/parse.js'

function deps(): ApiDeps & { readonly published: string[] } {
  const published: string[] = []
  return {
    published,
    publish: (topic, payload) => published.push(`${topic} ${String(payload)}`) - 1,
    explainStats: () => ({}), stats: () => ({}),
    topicStats: () => [],
    topic: () => null,
    history: () => ({ epoch: 'epoch123', messages: [], next: 'epoch123--1', gap: null, oldest: 'epoch123--1', keeps: false }),
    onPublished: () => () => {},
    connections: async () => ({ total: 0, connections: [], next: null }),
    removeConnection: async () => false,
    status: () => ({ turnAgesMs: [0] }),
    logBytes: () => 0,
    isReserved: () => false,
    draining: () => false,
    limits: { messageBytesMax: 100, logBytesMax: 1000 },
    onError: (error) => {
      throw error
    },
  }
}

function configure(api: object) {
  const { api: config } = parseOptions({ api })
  if (config === null) throw new Error('there must be an API')
  return { ...config, connectionsMax: 100, keepAliveMs: 75_000 }
}

const place = { proxies: null, onDenied: () => {} }
const loopback = { address: '127.0.0.1', port: 0, optional: false }

test('the API over HTTP', async (t) => {
  const servers = await loadUws() === null ? ['node'] : ['node', 'uws'] // it has no binaries for some versions of Node
  for (const server of servers) {
    const broker = deps()
    const api = await startApi(configure({ server, hosts: ['127.0.0.1'] }), [loopback], broker, place)
    t.teardown(() => api.close(0))
    const url = `http://127.0.0.1:${api.bound[0]?.port}`
    const answer = await fetch(`${url}/topics/a%2Fb`, { method: 'POST', body: 'hello', headers: { 'content-type': 'text/plain' } })
    t.equal(answer.status, 200)
    t.strictSame(await answer.json(), { topic: 'a/b', offset: 0 })
    t.strictSame(broker.published, ['a/b hello'])
    t.equal((await fetch(`${url}/ready`)).status, 200)
    t.match(await (await fetch(`${url}/metrics`)).text(), /process_cpu_seconds_total/)
    t.equal((await fetch(`${url}/topics/a`, { method: 'POST', body: 'x'.repeat(101) })).status, 413)
  }
})

test('addresses that others reach need a token', async (t) => {
  const everywhere = { address: '0.0.0.0', port: 0, optional: false }
  await t.rejects(startApi(configure({}), [loopback, everywhere], deps(), place), {
    name: 'ConfigError',
    message: 'api.token must be set when api.hosts has an address that is not a loopback (0.0.0.0), got: null',
  })
  const api = await startApi(configure({ token: 'a token of 16 bytes', server: 'node' }), [everywhere], deps(), place)
  t.teardown(() => api.close(0))
  t.equal((await fetch(`http://127.0.0.1:${api.bound[0]?.port}/topics`)).status, 401)
})
