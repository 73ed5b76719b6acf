/** Questions about connections, on an engine of plain TypeScript that answers as a test says. */

import { test } from 'tap'
import { Connections } from '../../src/connections.js'
import { createBrokerWith } from '../../src/create-broker.js'
import type { ConnectionRow } from '../../src/native/binding.js'
import { FakeAddon, type FakeEngine } from '../support/fake-addon.js'

async function start() {
  const addon = new FakeAddon()
  const broker = await createBrokerWith(addon, { shards: 2 })
  return { broker, engine: addon.engines[0] as FakeEngine, connections: broker.connections }
}

function row(id: number, value = 0, more: Partial<ConnectionRow> = {}): ConnectionRow {
  return {
    id, value, protocol: 'websocket-publish', listener: 0, peer: '10.0.0.1:5000', subject: null, acceptedS: 784_111_777, state: 'open', publishesTo: 'prices',
    topics: [], subscriptions: 0, messagesIn: 3, messagesOut: 0, bytesIn: 300, bytesOut: 130, pendingBytes: 0, throttled: false, throttledMs: 0, ...more,
  }
}

const open = { protocol: null, listener: null, peer: null, topic: null, subject: null, order: 'id', limit: 101, after: null }

test('every shard is asked, and their answers are one', async (t) => {
  const { broker, engine, connections } = await start()
  const list = connections.list()
  t.strictSame(engine.calls, [`findConnections 1 ${JSON.stringify(open)}`])
  engine.emit({ type: 'connections', ask: 1, matches: 1, rows: [row(7)] })
  engine.emit({ type: 'connections', ask: 1, matches: 2, rows: [row(3), row(9)] })
  const { value: _, acceptedS: __, ...rest } = row(3)
  t.strictSame(await list, {
    total: 3, next: null, connections: [3, 7, 9].map((id) => ({ ...rest, id, listener: '127.0.0.1:8001', since: '1994-11-06T08:49:37.000Z' })),
  })
  broker.stop()
})

test('conditions, order and pages', async (t) => {
  const { broker, engine, connections } = await start()
  const query = { protocol: 'grpc', peer: '10.', topic: 'prices/', subject: 'alice', listener: '127.0.0.1:8002', sort: 'bytesIn', limit: 2, after: '500-8' } as const
  const list = connections.list(query)
  const index = engine.options.listeners.findIndex(({ address, port }) => address === '127.0.0.1' && port === 8002)
  t.same(JSON.parse(engine.calls[0]?.slice('findConnections 1 '.length) ?? ''), {
    protocol: 'grpc', peer: '10.', topic: 'prices/', subject: 'alice', listener: index, order: 'bytesIn', limit: 3, after: { value: 500, id: 8 },
  })
  engine.emit({ type: 'connections', ask: 1, matches: 20, rows: [row(5, 400), row(4, 100)] })
  engine.emit({ type: 'connections', ask: 1, matches: 10, rows: [row(9, 400), row(2, 90), row(1, 80)] })
  const { total, next, connections: found } = await list
  t.strictSame([total, next, found.map(({ id }) => id)], [30, '400-9', [5, 9]])
  broker.stop()
})

test('what is not a question', async (t) => {
  const { broker, connections } = await start()
  await t.rejects(connections.list({ limit: 0 }), new RangeError('limit must be 1..1000, got: 0'))
  await t.rejects(connections.list({ limit: 1001 }), new RangeError('limit must be 1..1000, got: 1001'))
  await t.rejects(connections.list({ after: '7' }), new RangeError('after must be what an earlier answer had as next, got: 7'))
  await t.rejects(connections.list({ sort: 'size' as never }), /^sort must be one of id, age, .*, got: size$/)
  await t.rejects(connections.list({ listener: '127.0.0.1:1' }), new RangeError('listener must be an address that is listened on, got: 127.0.0.1:1'))
  await t.rejects(connections.remove(1.5), new RangeError('id must be a whole number from 1, got: 1.5'))
  broker.stop()
})

test('ending one', async (t) => {
  const { broker, engine, connections } = await start()
  const removed = connections.remove(17)
  t.strictSame(engine.calls, ['removeConnection 1 17'])
  engine.emit({ type: 'connection-removed', ask: 1, found: true })
  t.equal(await removed, true)
  const gone = connections.remove(18)
  engine.emit({ type: 'connection-removed', ask: 2, found: false })
  t.equal(await gone, false)
  t.equal(await connections.remove(1000), false, 'there cannot be one')
  broker.stop()
})

test('so many questions at a time, and none is left open', async (t) => {
  const { broker, engine, connections } = await start()
  const asked = Array.from({ length: 8 }, () => connections.list())
  await t.rejects(connections.list(), { code: 'ERR_BUSY', message: '8 questions about connections are being answered' })
  for (const shard of [0, 1]) engine.emit({ type: 'connections', ask: 3, matches: shard, rows: [] })
  t.match(await asked[2], { total: 1, next: null })
  const more = connections.list()
  broker.stop()
  const closed = [...asked.filter((_, at) => at !== 2), more].map((each) => t.rejects(each, { code: 'ERR_CLOSED' }))
  await Promise.all(closed)
})

test('a shard that does not answer is given up, and its late answer passed over', async (t) => {
  const { broker, engine } = await start()
  const connections = new Connections(engine, engine.options, 20)
  const list = connections.list()
  connections.onAnswer({ type: 'connections', ask: 1, matches: 1, rows: [row(7)] })
  await t.rejects(list, { code: 'ERR_BUSY', message: 'a shard has not answered for 20 ms' })
  connections.onAnswer({ type: 'connections', ask: 1, matches: 1, rows: [row(8)] })
  broker.stop()
})
