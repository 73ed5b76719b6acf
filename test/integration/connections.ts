/** Who is connected, over the HTTP API of a running broker, and ending one. */

import { test } from 'tap'
import type { ConnectionList } from '../../src/index.js'
import { embed } from './support/embedded.js'
import { eventually } from './support/eventually.js'
import { connect, connectMany } from './support/ws-client.js'

async function start(t: Parameters<typeof embed>[0], options = {}) {
  const embedded = await embed(t, { api: { port: 0 }, shards: 2, ...options })
  const url = `http://127.0.0.1:${embedded.broker.api[0]?.port}/connections`
  const ask = async (query = '', method = 'GET') => {
    const response = await fetch(`${url}${query}`, { method })
    return { status: response.status, body: await response.json() as ConnectionList & { detail?: string } }
  }
  return { ...embedded, ask }
}

test('what each of them says and gets', async (t) => {
  const { ask, publishUrl, subscribeUrl } = await start(t)
  const subscriber = await connect(t, subscribeUrl)
  const publisher = await connect(t, publishUrl)
  for (let i = 0; i < 3; ++i) await publisher.send('x'.repeat(1000))
  await subscriber.has(3)
  await eventually('the kernel has heard of it', async () => ((await ask('?protocol=websocket-subscribe')).body.connections[0]?.bytesOut ?? 0) > 3000)
  const { body } = await ask()
  t.equal(body.total, 2)
  t.match(body.connections.find(({ protocol }) => protocol === 'websocket-subscribe'), {
    state: 'open', peer: /^127\.0\.0\.1:\d+$/, subject: null, subscriptions: 1, messagesOut: 3, messagesIn: 0, pendingBytes: 0, throttled: false,
  })
  const said = body.connections.find(({ protocol }) => protocol === 'websocket-publish')
  t.match(said, { messagesIn: 3, messagesOut: 0, topics: [] })
  t.ok((said?.bytesIn ?? 0) > 3000, 'as TCP has counted')
  t.ok(Math.abs(Date.parse(said?.since ?? '') - Date.now()) < 60_000)
})

test('pages, conditions, and what is no question', async (t) => {
  const { ask, subscribeUrl } = await start(t)
  await connectMany(t, 25, subscribeUrl)
  const ids: number[] = []
  for (let query = '?limit=10'; ;) {
    const { body } = await ask(query)
    t.equal(body.total, 25)
    ids.push(...body.connections.map(({ id }) => id))
    if (body.next === null) break
    query = `?limit=10&after=${body.next}`
  }
  t.equal(new Set(ids).size, 25)
  t.match(await ask('?peer=10.'), { status: 200, body: { total: 0, connections: [], next: null } })
  t.match(await ask('?protocol=telnet'), { status: 400, body: { detail: /^protocol must be a known protocol, got: "telnet"/ } })
  t.match(await ask('?limit=0'), { status: 400, body: { detail: 'limit must be 1..1000, got: 0' } })
})

test('who is held up by a rate', async (t) => {
  const { ask, publishUrl } = await start(t, { clients: { connection: { publicationsPerSecondMax: 1 } } })
  const flooder = await connect(t, publishUrl)
  await connect(t, publishUrl)
  for (let i = 0; i < 50; ++i) flooder.socket.send('x')
  await eventually('it rests', async () => (await ask('?sort=throttledMs&limit=1')).body.connections[0]?.throttled === true)
  await eventually('for a while', async () => ((await ask('?sort=throttledMs&limit=1')).body.connections[0]?.throttledMs ?? 0) >= 50)
})

test('ending one', async (t) => {
  const { broker, ask, subscribeUrl } = await start(t)
  const [first, second] = await connectMany(t, 2, subscribeUrl)
  const port = (first?.socket as unknown as { _socket: { localPort: number } })._socket.localPort
  const { body } = await ask(`?peer=127.0.0.1:${port}`)
  const id = body.connections[0]?.id ?? 0
  t.match(await ask(`/${id}`, 'DELETE'), { status: 200, body: { id, removed: true } })
  t.strictSame(await first?.closed, { code: 1008, reason: 'closed by the operator' })
  t.match(await ask(`/${id}`, 'DELETE'), { status: 404 })
  t.equal(second?.socket.readyState, 1, 'the other one stays')
  t.match(broker.stats(), { connections_removed: 1 })
})
