import { test } from 'tap'
import { key, names, PusherWorld, type AppOptions } from '../../support/pusher/pusher-world.js'

test('a connection is accepted', async (t) => {
  const world = new PusherWorld({ clientEvents: true })
  const { connection, first, socketId } = world.connect()
  t.strictSame(connection.accepted, { namespace: 'pusher/app/', publicationsPerSecondMax: 10, publicationBytesMax: 10_240, reportPublications: true })
  t.strictSame(first, [{ event: 'pusher:connection_established', data: { socket_id: socketId, activity_timeout: 120 } }])
  t.match(socketId, /^\d+\.\d+$/)
  t.equal(connection.closed, null)
})

test('data is JSON in a string, the activity timeout whole seconds', async (t) => {
  const world = new PusherWorld()
  const connection = world.calls.open(99)
  world.server.onEvent({ type: 'session-open', id: 99, protocol: 'pusher', peer: '', target: `/app/${key}?protocol=5`, origin: null })
  const { data } = JSON.parse(connection.sent[0] ?? '') as { data: string }
  t.match(data, /^\{"socket_id":"\d+\.\d+","activity_timeout":120\}$/)
})

const refusals: readonly (readonly [what: string, target: string, origin: string | null, code: number])[] = [
  ['no app', '/app/other?protocol=7', null, 4001],
  ['a key that objects have', '/app/__proto__?protocol=7', null, 4001],
  ['an id is no key', '/app/app?protocol=7', null, 4001],
  ['another case', `/app/${key.toUpperCase()}?protocol=7`, null, 4001],
  ['a percent-encoded key', '/app/%6bey?protocol=7', null, 4001],
  ['disabled', '/app/disabled?protocol=7', null, 4003],
  ['no connections at all', '/app/none?protocol=7', null, 4004],
  ['another path', '/chat/key?protocol=7', null, 4005],
  ['no path', '/', null, 4005],
  ['a malformed version', '/app/key?protocol=seven', null, 4006],
  ['an old version', '/app/key?protocol=4', null, 4007],
  ['a future version', '/app/key?protocol=8', null, 4007],
  ['another origin', '/app/strict?protocol=7', 'https://evil.example', 4009],
  ['the origin of a sandboxed page', '/app/strict?protocol=7', 'null', 4009],
]
const apps: readonly AppOptions[] = [
  {}, { id: 'disabled', key: 'disabled', enabled: false }, { id: 'none', key: 'none', limits: { connectionsMax: 0 } },
  { id: 'strict', key: 'strict', origins: ['https://example.com'] },
]

test('refusals: an error event, then the close with its code', async (t) => {
  for (const [what, target, origin, code] of refusals) {
    const world = new PusherWorld(...apps)
    const { connection, first } = world.connect(target, origin)
    t.equal(connection.accepted, null, what)
    t.equal(connection.closed?.code, code, what)
    t.strictSame(first, [{ event: 'pusher:error', data: { message: connection.closed?.reason, code } }], what)
    t.ok(Buffer.byteLength(connection.closed?.reason ?? '') <= 123, 'the reason fits a close frame')
  }
})

test('an allowed origin', async (t) => {
  const world = new PusherWorld(...apps)
  t.strictSame(names(world.connect('/app/strict?protocol=7', 'https://example.com').first), ['pusher:connection_established'])
})

test('what a refused connection says later changes nothing', async (t) => {
  const world = new PusherWorld()
  const client = world.connect('/app/other?protocol=7')
  client.sendText('{"event":"pusher:subscribe","data":{"channel":"news"}}')
  client.end()
  t.equal(world.app.channel('news'), null)
  t.strictSame(world.webhooks, [])
})

test('the connection quota counts who is there now', async (t) => {
  const world = new PusherWorld({ limits: { connectionsMax: 2 } })
  const first = world.connect()
  world.connect()
  t.equal(world.connect().connection.closed?.code, 4004)
  first.end()
  t.equal(world.connect().connection.closed, null)
  t.equal(world.connect().connection.closed?.code, 4004)
})

test('apps are found by id', async (t) => {
  const world = new PusherWorld({}, { id: 'b', key: 'b' })
  t.equal(world.server.byId('b')?.config.key, 'b')
  for (const id of ['c', key, '', '__proto__', 'constructor']) t.equal(world.server.byId(id), null, id)
})

test('events of connections that nobody knows are ignored', async (t) => {
  const world = new PusherWorld()
  world.server.onEvent({ type: 'session-message', id: 5, text: '{}', overRate: false })
  world.server.onEvent({ type: 'session-published', id: 5, topic: 'pusher/app/private-a', event: 'client-a', data: '' })
  world.server.onEvent({ type: 'session-end', id: 5, code: 1006, reason: '' })
  t.equal(world.calls.calls, 0)
})

test('apps do not see each other', async (t) => {
  const world = new PusherWorld({}, { id: 'b', key: 'b' })
  const other = world.connect('/app/b?protocol=7')
  const own = world.connect()
  for (const client of [own, other]) client.send('pusher:subscribe', { channel: 'news' })
  world.publish('news')
  t.equal(own.take().length, 1)
  t.equal(other.take().length, 0)
  const b = world.server.byId('b')
  b?.publish({ name: 'news', channel: 'news', data: '', socketId: own.socketId })
  t.equal(world.calls.published.at(-1)?.details?.excluded, 0, 'a socket of another app leaves nobody out')
  t.equal(b?.channel('news')?.subscriptionCount, 1)
  t.match(own.send('pusher:subscribe', { channel: 'private-a', auth: 'b:x' }), [{ event: 'pusher:subscription_error' }])
  b?.terminateUser('ada')
  own.signin({ id: 'ada' })
  b?.terminateUser('ada')
  t.equal(own.connection.closed, null)
})

test('nothing happens by itself after close', async (t) => {
  const world = new PusherWorld({ subscriptionCounts: true })
  const clients = Array.from({ length: 102 }, () => world.connect())
  for (const client of clients) client.send('pusher:subscribe', { channel: 'news' })
  world.connect().signin({ id: 'a', watchlist: ['b'] })
  world.connect().signin({ id: 'b' })
  world.publish('cache-a')
  world.calls.publishFails = 'ERR_LOG_BYTES'
  clients[0]?.subscribe('presence-a', { user_id: 'a' })
  clients[1]?.subscribe('presence-a', { user_id: 'b' })
  t.ok(world.clock.waiting >= 4)
  world.server.close()
  t.equal(world.clock.waiting, 0)
  const { calls } = world.calls
  for (const client of clients) client.end()
  t.equal(world.calls.calls, calls, 'what the engine still tells changes nothing')
  t.equal(world.clock.waiting, 0)
})
