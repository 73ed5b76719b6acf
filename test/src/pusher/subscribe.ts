import { test } from 'tap'
import { authFor, subscriptionText } from '../../../src/pusher/auth.js'
import { key, names, PusherWorld, secret } from '../../support/pusher/pusher-world.js'

const succeeded = 'pusher_internal:subscription_succeeded'
const unauthorized = { type: 'AuthError', error: 'The connection is unauthorized.', status: 401 }

test('a public channel', async (t) => {
  const world = new PusherWorld()
  const client = world.connect()
  t.strictSame(client.send('pusher:subscribe', { channel: 'news' }), [{ event: succeeded, channel: 'news', data: {} }])
  world.publish('news')
  t.strictSame(client.take(), [{ event: 'news', channel: 'news', data: { n: 1 } }])
  t.strictSame(client.connection.topics.get('pusher/app/news')?.publishes, false)
})

test('the data of a success is a string', async (t) => {
  const world = new PusherWorld()
  const client = world.connect()
  world.server.onEvent({ type: 'session-message', id: client.id, text: '{"event":"pusher:subscribe","data":{"channel":"a"}}', overRate: false })
  t.strictSame(client.connection.sent, [`{"event":"${succeeded}","channel":"a","data":"{}"}`])
})

test('auth of a public channel is not looked at', async (t) => {
  const client = new PusherWorld().connect()
  t.strictSame(names(client.send('pusher:subscribe', { channel: 'news', auth: 'x:y', channel_data: 5 })), [succeeded])
})

test('private channels need a signature', async (t) => {
  for (const channel of ['private-a', 'private-cache-a', 'private-encrypted-a', 'private-encrypted-cache-a']) {
    const world = new PusherWorld()
    const client = world.connect()
    for (const auth of [undefined, null, '', 'key:0', `other:${authFor({ key, secret }, `${client.socketId}:${channel}`).slice(4)}`]) {
      const answer = client.send('pusher:subscribe', { channel, auth })
      t.strictSame(answer, [{ event: 'pusher:subscription_error', channel, data: unauthorized }], `${channel} ${auth}`)
    }
    t.equal(world.app.channel(channel), null)
    t.equal(names(client.subscribe(channel))[0], succeeded, channel)
    t.equal(world.app.channel(channel)?.subscriptionCount, 1)
  }
})

test('a signature is good for one connection and one channel', async (t) => {
  const world = new PusherWorld()
  const [one, two] = [world.connect(), world.connect()]
  const auth = authFor({ key, secret }, subscriptionText(one.socketId, 'private-a', null))
  t.match(two.send('pusher:subscribe', { channel: 'private-a', auth }), [{ data: unauthorized }])
  t.match(one.send('pusher:subscribe', { channel: 'private-b', auth }), [{ data: unauthorized }])
  t.match(one.send('pusher:subscribe', { channel: 'presence-a', auth, channel_data: '{"user_id":"1"}' }), [{ data: unauthorized }])
  t.match(one.send('pusher:subscribe', { channel: 'private-a', auth }), [{ event: succeeded }])
})

test('a presence signature covers the user', async (t) => {
  const client = new PusherWorld().connect()
  const auth = authFor({ key, secret }, subscriptionText(client.socketId, 'presence-a', '{"user_id":"1"}'))
  for (const data of ['{"user_id":"2"}', '{"user_id":"1"} ', '{"user_id": "1"}', undefined, { user_id: '1' }]) {
    t.match(client.send('pusher:subscribe', { channel: 'presence-a', auth, channel_data: data }), [{ data: unauthorized }])
  }
  t.match(client.send('pusher:subscribe', { channel: 'presence-a', auth, channel_data: '{"user_id":"1"}' }), [{ event: succeeded }])
})

test('names that no channel can have', async (t) => {
  const client = new PusherWorld().connect()
  const long = `private-${'x'.repeat(157)}`
  t.strictSame(client.subscribe(long), [{
    event: 'pusher:subscription_error', channel: long,
    data: { type: 'LimitReached', error: 'A channel name must be at most 164 characters', status: 4009 },
  }])
  for (const channel of ['', 'a b', '#a', 'private-a/b', '#server-to-user-']) {
    t.match(client.subscribe(channel), [{ event: 'pusher:subscription_error', channel, data: { type: 'InvalidChannel', status: 4009 } }], channel)
  }
})

test('asking again is answered again and counted once', async (t) => {
  const world = new PusherWorld()
  const client = world.connect()
  world.publish('private-cache-a')
  const channels = [['news', null], ['private-cache-a', null], ['presence-a', { user_id: 'ada' }]] as const
  for (const [channel, member] of channels) {
    const first = client.subscribe(channel, member)
    t.strictSame(client.subscribe(channel, member), first, channel)
    t.equal(world.app.channel(channel)?.subscriptionCount, 1)
    client.unsubscribe(channel)
    t.equal(world.app.channel(channel), null)
  }
  t.strictSame(world.webhooks.filter(({ name }) => name === 'channel_occupied').length, 3)
  t.strictSame(world.webhooks.filter(({ name }) => name === 'channel_vacated').length, 3)
})

test('asking again without the right is refused and takes nothing away', async (t) => {
  const world = new PusherWorld()
  const client = world.connect()
  client.subscribe('private-a')
  t.match(client.send('pusher:subscribe', { channel: 'private-a', auth: 'x' }), [{ data: unauthorized }])
  t.equal(world.app.channel('private-a')?.subscriptionCount, 1)
})

test('asking again as another user changes nothing', async (t) => {
  const world = new PusherWorld()
  const client = world.connect()
  client.subscribe('presence-a', { user_id: 'ada' })
  client.subscribe('presence-a', { user_id: 'bob' })
  t.strictSame(world.app.users('presence-a'), ['ada'])
  client.end()
  t.equal(world.app.channel('presence-a'), null)
})

test('channels per connection', async (t) => {
  const world = new PusherWorld({ limits: { channelsPerConnectionMax: 2 } })
  const client = world.connect()
  client.subscribe('a')
  client.subscribe('b')
  const refusal = { type: 'LimitReached', error: 'A connection may subscribe to at most 2 channels', status: 4004 }
  t.strictSame(client.subscribe('c'), [{ event: 'pusher:subscription_error', channel: 'c', data: refusal }])
  t.strictSame(names(client.subscribe('a')), [succeeded], 'one that it has')
  client.unsubscribe('a')
  t.strictSame(names(client.subscribe('c')), [succeeded])
})

test('who is signed in need not say once more who joins', async (t) => {
  const world = new PusherWorld({ limits: { presenceInfoBytesMax: 40 } })
  const watcher = world.connect()
  watcher.subscribe('presence-a', { user_id: 'watcher' })
  const client = world.connect()
  const auth = authFor({ key, secret }, subscriptionText(client.socketId, 'presence-a', null))
  t.match(client.send('pusher:subscribe', { channel: 'presence-a', auth }), [{ data: unauthorized }], 'not yet signed in')
  client.signinText('{"id":"ada","user_info":{"name":"Ada","price":1.10}}')
  t.match(client.send('pusher:subscribe', { channel: 'presence-a', auth: 'key:0000' }), [{ data: unauthorized }])
  t.match(client.send('pusher:subscribe', { channel: 'presence-b', auth }), [{ data: unauthorized }], 'another channel')
  t.match(client.send('pusher:subscribe', { channel: 'presence-a', auth, channel_data: '' }), [{ data: unauthorized }], 'what is there is signed')
  t.match(client.send('pusher:subscribe', { channel: 'presence-a', auth }), [{
    event: succeeded, data: { presence: { ids: ['watcher', 'ada'], hash: { ada: { name: 'Ada', price: 1.1 } }, count: 2 } },
  }])
  t.strictSame(watcher.connection.sent, [
    '{"event":"pusher_internal:member_added","channel":"presence-a","data":"{\\"user_id\\":\\"ada\\",\\"user_info\\":{\\"name\\":\\"Ada\\",\\"price\\":1.10}}"}',
  ])
  t.strictSame(world.app.users('presence-a'), ['watcher', 'ada'])

  const other = world.connect()
  const { data } = other.subscribe('presence-a', { user_id: 'bob' })[0] as { data: { presence: { ids: string[] } } }
  t.ok(data.presence.ids.includes('bob'), 'who says it is who it says')
  const talker = world.connect()
  talker.signin({ id: 'carl', user_info: 'x'.repeat(39) })
  const auths = authFor({ key, secret }, subscriptionText(talker.socketId, 'presence-a', null))
  t.match(talker.send('pusher:subscribe', { channel: 'presence-a', auth: auths, channel_data: null }), [{ data: { type: 'LimitReached', status: 4301 } }])
})

test('members of a presence channel', async (t) => {
  const world = new PusherWorld({ limits: { presenceMembersMax: 2 } })
  const clients = ['ada', 'bob', 'cyd'].map((user) => ({ client: world.connect(), user }))
  const answers = clients.map(({ client, user }) => names(client.subscribe('presence-a', { user_id: user })))
  t.strictSame(answers, [[succeeded], [succeeded], ['pusher:subscription_error']])
  t.strictSame(names(world.connect().subscribe('presence-a', { user_id: 'ada' })), [succeeded], 'a member\'s next connection')
  const refusal = { type: 'LimitReached', error: 'A presence channel may have at most 2 members', status: 4004 }
  t.match(world.connect().subscribe('presence-a', { user_id: 'dan' }), [{ data: refusal }])
  clients[1]?.client.end()
  t.strictSame(names(world.connect().subscribe('presence-a', { user_id: 'dan' })), [succeeded])
})

test('presence data that is signed and wrong', async (t) => {
  const client = new PusherWorld({ limits: { presenceInfoBytesMax: 10 } }).connect()
  t.match(client.subscribe('presence-a', {}), [{ data: { type: 'AuthError', status: 401 } }])
  t.match(client.subscribe('presence-a', { user_id: 'x'.repeat(129) }), [{ data: { type: 'AuthError', status: 401 } }])
  t.match(client.subscribe('presence-a', { user_id: 'a', user_info: 'x'.repeat(9) }), [{ data: { type: 'LimitReached', status: 4301 } }])
  t.match(client.subscribe('presence-a', { user_id: 'a', user_info: 'x'.repeat(8) }), [{ event: succeeded }])
})

test('unsubscribing has no answer and ends deliveries', async (t) => {
  const world = new PusherWorld()
  const client = world.connect()
  client.subscribe('a')
  t.strictSame(client.unsubscribe('a'), [])
  t.strictSame(client.unsubscribe('a'), [], 'twice')
  t.strictSame(client.unsubscribe('never'), [])
  world.publish('a')
  t.strictSame(client.take(), [])
  t.equal(world.calls.topics, 0)
})

test('#server-to-user- is for who is signed in as this user', async (t) => {
  const world = new PusherWorld()
  const client = world.connect()
  const channel = '#server-to-user-ada'
  t.strictSame(client.subscribe(channel), [{ event: 'pusher:subscription_error', channel, data: unauthorized }], 'a signature does not help')
  client.signin({ id: 'ada' })
  t.match(client.subscribe('#server-to-user-bob'), [{ data: unauthorized }])
  t.strictSame(client.subscribe(channel), [{ event: succeeded, channel, data: {} }])
  t.strictSame(client.subscribe(channel), [{ event: succeeded, channel, data: {} }], 'again')
  world.publish(channel, 'hello')
  t.strictSame(client.take(), [{ event: 'hello', channel, data: { n: 1 } }])
  t.strictSame([...world.app.channels('')], [], 'it is no channel of the app\'s')
  t.strictSame(world.webhooks, [])
  client.unsubscribe(channel)
  world.publish(channel, 'hello')
  t.strictSame(client.take(), [])
})

test('a user\'s id with a dot or a slash stays in its app', async (t) => {
  const world = new PusherWorld()
  const client = world.connect()
  client.signin({ id: '../other/x' })
  client.subscribe('#server-to-user-../other/x')
  t.strictSame([...client.connection.topics.keys()], ['pusher/app/#server-to-user-../other/x'])
})

test('when the engine has no room, the subscription is refused and nothing stays', async (t) => {
  const world = new PusherWorld()
  const [here, client] = [world.connect(), world.connect()]
  here.subscribe('presence-a', { user_id: 'ada' })
  world.takeWebhooks()
  world.calls.joinFails = 'ERR_TOPICS'
  client.signin({ id: 'bob' })
  for (const [channel, member] of [['a', null], ['presence-a', { user_id: 'bob' }], ['#server-to-user-bob', null]] as const) {
    t.match(client.subscribe(channel, member), [{ event: 'pusher:subscription_error', data: { type: 'LimitReached', status: 4100 } }], channel)
  }
  t.strictSame(world.app.users('presence-a'), ['ada'])
  t.strictSame(here.take(), [], 'nobody came')
  t.equal(world.app.channel('a'), null)
  t.strictSame(world.webhooks, [])
  t.strictSame(world.warnings, Array<string>(3).fill('pusher-subscription-refused'))
  world.calls.joinFails = null
  t.strictSame(names(client.subscribe('a')), [succeeded])
})
