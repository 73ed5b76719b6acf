import { test } from 'tap'
import { names, PusherWorld } from '../../support/pusher/pusher-world.js'

function rejected(reason: string) {
  return [{ event: 'pusher:error', data: { message: `Client event rejected - ${reason}`, code: 4301 } }]
}

function start(options: { clientEvents?: boolean, clientEventsPerSecondMax?: number, payloadBytesMax?: number } = {}) {
  const { clientEvents = true, ...limits } = options
  const world = new PusherWorld({ clientEvents, limits })
  const client = world.connect()
  client.signin({ id: 'ada' })
  for (const channel of ['news', 'private-a', 'private-cache-a', 'private-encrypted-a', '#server-to-user-ada']) client.subscribe(channel)
  client.subscribe('presence-a', { user_id: 'p' })
  world.takeWebhooks()
  return { world, client }
}

test('each refusal says why, as an event, and the connection stays', async (t) => {
  const { client } = start()
  const cases = [
    ['client-a', 'news', 'only supported on private and presence channels'],
    ['client-a', 'cache-a', 'only supported on private and presence channels'],
    ['client-a', '#server-to-user-ada', 'only supported on private and presence channels'],
    ['client-a', 'not a name', 'only supported on private and presence channels'],
    ['client-a', '', 'only supported on private and presence channels'],
    ['client-a', 'private-b', 'the connection is not subscribed to the channel'],
    ['client-a', 'presence-b', 'the connection is not subscribed to the channel'],
    ['client-a', 'private-encrypted-a', 'not supported on encrypted channels'],
    ['hello', 'private-a', 'client events must be prefixed by \'client-\''],
    ['Client-a', 'private-a', 'client events must be prefixed by \'client-\''],
    ['pusher_internal:member_added', 'presence-a', 'client events must be prefixed by \'client-\''],
    [`client-${'x'.repeat(194)}`, 'private-a', 'the event name is over 200 characters'],
  ] as const
  for (const [event, channel, reason] of cases) t.strictSame(client.send(event, {}, { channel }), rejected(reason), `${event} ${channel}`.slice(0, 60))
  t.equal(client.connection.closed, null)
})

test('when they are off', async (t) => {
  const { client } = start({ clientEvents: false })
  t.equal(client.connection.accepted?.publicationsPerSecondMax, 0)
  t.strictSame(client.send('client-a', {}, { channel: 'private-a' }), rejected('client events are not enabled for this app'))
  t.strictSame(client.send('client-a', {}, { channel: 'news' }), rejected('client events are not enabled for this app'))
})

test('over the rate', async (t) => {
  const { client, world } = start()
  const text = JSON.stringify({ event: 'client-a', channel: 'private-a', data: {} })
  t.strictSame(client.sendText(text, 'over'), rejected('over the rate limit'))
  t.strictSame(world.calls.published, [])
})

test('too much data', async (t) => {
  const { client } = start({ payloadBytesMax: 10 })
  t.strictSame(client.send('client-a', 'é'.repeat(6), { channel: 'private-a' }), rejected('the data is too large'))
  t.strictSame(client.send('client-a', 'é'.repeat(5), { channel: 'private-a' }), [])
})

test('without a channel', async (t) => {
  const { client } = start()
  for (const channel of [undefined, null, 1, {}, ['private-a']]) {
    t.match(client.send('client-a', {}, { channel }), [{ event: 'pusher:error', data: { code: null } }])
  }
})

test('one that came before the engine knew of the subscription is published from here', async (t) => {
  const { client, world } = start()
  const [other, ...senders] = [world.connect(), client]
  other?.subscribe('presence-a', { user_id: 'q' })
  client.take()
  t.strictSame(senders[0]?.send('client-typing', { a: [1] }, { channel: 'presence-a' }), [], 'not echoed')
  t.strictSame(other?.take(), [{ event: 'client-typing', channel: 'presence-a', data: { a: [1] }, user_id: 'p' }])
  client.send('client-b', 'text', { channel: 'private-a' })
  client.send('client-c', undefined, { channel: 'private-a' })
  t.match(world.calls.published.slice(-2), [
    { topic: 'pusher/app/private-a', data: 'text', details: { event: 'client-b', userId: null, excluded: client.id } }, { data: '' },
  ])
})

test('those count against the rate too', async (t) => {
  const { client, world } = start({ clientEventsPerSecondMax: 3 })
  const send = () => names(client.send('client-a', {}, { channel: 'private-a' }))
  t.strictSame([send(), send(), send(), send()], [[], [], [], ['pusher:error']])
  world.clock.advance(1000)
  t.strictSame(send(), [])
})

test('a rate of 0 lets none through', async (t) => {
  const { client } = start({ clientEventsPerSecondMax: 0 })
  t.strictSame(client.send('client-a', {}, { channel: 'private-a' }), rejected('over the rate limit'))
})

test('when the engine has no room', async (t) => {
  const { client, world } = start()
  world.calls.publishFails = 'ERR_LOG_BYTES'
  t.strictSame(client.send('client-a', {}, { channel: 'private-a' }), rejected('the broker is over capacity'))
  t.strictSame(world.webhooks, [])
  t.strictSame(world.warnings, ['pusher-client-event-refused'])
})

test('client events are never cached', async (t) => {
  const { client, world } = start()
  client.send('client-a', 'x', { channel: 'private-cache-a' })
  client.published('pusher/app/private-cache-a', 'client-a', 'x')
  t.equal(world.app.cached('private-cache-a'), null)
  t.strictSame(names(world.connect().subscribe('private-cache-a')).slice(1), ['pusher:cache_miss'])
})

test('webhooks of events, whoever delivered them', async (t) => {
  const { client, world } = start()
  const { socketId } = client
  client.published('pusher/app/private-a', 'client-a', '{"n":1}')
  client.published('pusher/app/presence-a', 'client-b', 'text')
  client.send('client-c', 'text', { channel: 'presence-a' })
  client.send('client-d', 'text', { channel: 'private-nowhere' })
  t.strictSame(world.takeWebhooks(), [
    { name: 'client_event', channel: 'private-a', event: 'client-a', data: '{"n":1}', socket_id: socketId },
    { name: 'client_event', channel: 'presence-a', event: 'client-b', data: 'text', socket_id: socketId, user_id: 'p' },
    { name: 'client_event', channel: 'presence-a', event: 'client-c', data: 'text', socket_id: socketId, user_id: 'p' },
  ])
})

test('the engine is asked to tell of events only when a webhook wants them', async (t) => {
  const world = new PusherWorld({ clientEvents: true })
  world.wanted = (name) => name !== 'client_event'
  t.equal(world.connect().connection.accepted?.reportPublications, false)
})
