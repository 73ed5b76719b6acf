import { test } from 'tap'
import { authFor, signinText } from '../../../src/pusher/auth.js'
import { key, names, PusherWorld, secret } from '../../support/pusher/pusher-world.js'

const success = 'pusher:signin_success'
const status = 'pusher_internal:watchlist_events'

test('a sign-in is answered with the user', async (t) => {
  const client = new PusherWorld().connect()
  t.strictSame(client.signin({ id: '12345', name: 'Ada' }), [{ event: success, data: { user_data: '{"id":"12345","name":"Ada"}' } }])
  t.strictSame(names(client.signin({ id: '12345' })), [success], 'again')
})

test('a sign-in needs a signature over exactly this', async (t) => {
  const world = new PusherWorld()
  const [client, other] = [world.connect(), world.connect()]
  const userData = '{"id":"ada"}'
  const valid = authFor({ key, secret }, signinText(client.socketId, userData))
  const forged: readonly (readonly [auth: unknown, userData: unknown])[] = [
    [undefined, userData], [null, userData], ['', userData], [valid.slice(4), userData], [`other:${valid.slice(4)}`, userData], [valid, '{"id":"bob"}'],
    [valid, '{"id":"ada"} '], [valid, undefined], [valid, { id: 'ada' }], [authFor({ key, secret }, signinText(other.socketId, userData)), userData],
    [authFor({ key, secret }, `${client.socketId}:user:${userData}`), userData], [authFor({ key, secret: 'x' }, signinText(client.socketId, userData)), userData],
    [`${key}::user::${valid.slice(4)}`, userData],
  ]
  for (const [auth, data] of forged) {
    t.match(client.send('pusher:signin', { auth, user_data: data }), [{ event: 'pusher:error', data: { code: 4009 } }], JSON.stringify([auth, data]))
  }
  t.equal(client.connection.closed, null, 'it may try again')
  world.app.terminateUser('ada')
  t.equal(client.connection.closed, null)
  t.match(client.send('pusher:signin', { auth: valid, user_data: userData }), [{ event: success }])
})

test('users that are signed and wrong', async (t) => {
  const client = new PusherWorld().connect()
  const wrong: readonly object[] = [
    {}, { id: null }, { id: 1.5 }, { id: true }, { id: '' }, { id: ['a'] }, { id: 'x'.repeat(129) }, { id: 'é'.repeat(65) }, { id: 'a\n' }, { id: '\ud800' }, [], [{ id: 'a' }],
    { id: 'a', watchlist: 'b' }, { id: 'a', watchlist: {} }, { id: 'a', watchlist: 1 }, { id: 'a', watchlist: [1.5] }, { id: 'a', watchlist: [null] }, { id: 'a', watchlist: [''] },
    { id: 'a', watchlist: [['b']] },
  ]
  for (const user of wrong) t.match(client.signin(user), [{ event: 'pusher:error', data: { code: 4009 } }], JSON.stringify(user).slice(0, 60))
  t.strictSame(names(client.signin({ id: 'é'.repeat(64) })), [success])
})

test('numbers for ids, and no watchlist written as null', async (t) => {
  const world = new PusherWorld()
  const watched = world.connect()
  t.strictSame(names(watched.signinText('{"id":1152921504606846977,"watchlist":null}')), [success])
  const answer = world.connect().signinText('{"id":1,"watchlist":[1152921504606846977, 1152921504606846976,"2", 2]}')
  t.strictSame(answer.slice(1), [{
    event: status, data: { events: [{ name: 'online', user_ids: ['1152921504606846977'] }, { name: 'offline', user_ids: ['1152921504606846976', '2'] }] },
  }])
  t.match(watched.subscribe('#server-to-user-1152921504606846977'), [{ event: 'pusher_internal:subscription_succeeded' }])
  world.app.terminateUser('1152921504606846977')
  t.equal(watched.connection.closed?.code, 4009)
})

test('a connection does not become another user\'s', async (t) => {
  const world = new PusherWorld()
  const client = world.connect()
  client.signin({ id: 'ada' })
  t.match(client.signin({ id: 'bob' }), [{ event: 'pusher:error', data: { code: 4009 } }])
  world.app.terminateUser('bob')
  t.equal(client.connection.closed, null)
  world.app.terminateUser('ada')
  t.equal(client.connection.closed?.code, 4009)
})

test('a watchlist: first who is online and who is not', async (t) => {
  const world = new PusherWorld()
  world.connect().signin({ id: 'bob' })
  t.strictSame(world.connect().signin({ id: 'ada', watchlist: ['bob', 'cyd', 'bob', 'ada'] }).slice(1), [{
    event: status, data: { events: [{ name: 'online', user_ids: ['bob', 'ada'] }, { name: 'offline', user_ids: ['cyd'] }] },
  }])
  t.strictSame(world.connect().signin({ id: 'dan', watchlist: ['eve'] }).slice(1), [{
    event: status, data: { events: [{ name: 'offline', user_ids: ['eve'] }] },
  }])
  t.equal(world.connect().signin({ id: 'eve', watchlist: [] }).length, 1)
})

test('a watchlist over its limit: an error, and the first are watched', async (t) => {
  const world = new PusherWorld()
  const list = Array.from({ length: 101 }, (_, n) => `u${n}`)
  const client = world.connect()
  const answer = client.signin({ id: 'ada', watchlist: list })
  t.strictSame(names(answer), [success, 'pusher:error', status])
  t.match(answer[1], { data: { code: 4302 } })
  t.match(answer[2], { data: { events: [{ name: 'offline', user_ids: list.slice(0, 100) }] } })
  world.connect().signin({ id: 'u100' })
  world.clock.advance(1000)
  t.strictSame(client.take(), [])
  world.connect().signin({ id: 'u99' })
  world.clock.advance(1000)
  t.strictSame(names(client.take()), [status])
  t.strictSame(names(world.connect().signin({ id: 'bob', watchlist: list.slice(1) })), [success, status], 'exactly the limit')
  t.strictSame(names(world.connect().signin({ id: 'cyd', watchlist: [...list.slice(1), 'u1'] })), [success, status], 'a user counts once')
})

test('signing in again replaces the watchlist', async (t) => {
  const world = new PusherWorld()
  const client = world.connect()
  client.signin({ id: 'ada', watchlist: ['bob'] })
  client.signin({ id: 'ada', watchlist: ['cyd'] })
  world.connect().signin({ id: 'bob' })
  world.clock.advance(1000)
  t.strictSame(client.take(), [])
  world.connect().signin({ id: 'cyd' })
  world.clock.advance(1000)
  t.match(client.take(), [{ data: { events: [{ name: 'online', user_ids: ['cyd'] }] } }])
})

test('the end of a connection signs it out', async (t) => {
  const world = new PusherWorld()
  const [ada, bob, second] = [world.connect(), world.connect(), world.connect()]
  ada.signin({ id: 'ada', watchlist: ['bob'] })
  bob.signin({ id: 'bob' })
  second.signin({ id: 'bob' })
  world.clock.advance(1000)
  ada.take()
  bob.end()
  world.clock.advance(1000)
  t.strictSame(ada.take(), [], 'one of two')
  second.end()
  world.clock.advance(1000)
  t.match(ada.take(), [{ event: status, data: { events: [{ name: 'offline', user_ids: ['bob'] }] } }])
})

test('terminating a user closes what is signed in, at once and only that', async (t) => {
  const world = new PusherWorld()
  const tabs = [world.connect(), world.connect()]
  const [presenceOnly, other, watcher] = [world.connect(), world.connect(), world.connect()]
  for (const tab of tabs) tab.signin({ id: 'ada' })
  other.signin({ id: 'bob', watchlist: ['ada'] })
  for (const client of [...tabs, presenceOnly]) client.subscribe('presence-a', { user_id: 'ada' })
  watcher.subscribe('presence-a', { user_id: 'w' })
  tabs[0]?.subscribe('presence-b', { user_id: 'ada' })
  for (const tab of tabs) tab.take()
  world.app.terminateUser('ada')
  for (const tab of tabs) {
    t.match(tab.take(), [{ event: 'pusher:error', data: { code: 4009 } }])
    t.equal(tab.connection.closed?.code, 4009)
  }
  t.equal(presenceOnly.connection.closed, null, 'being a member is not being signed in')
  t.strictSame(world.app.channel('presence-a'), { name: 'presence-a', subscriptionCount: 2, userCount: 2 })
  t.equal(world.app.channel('presence-b'), null)
  world.clock.advance(1000)
  t.match(other.take().at(-1), { data: { events: [{ name: 'offline', user_ids: ['ada'] }] } })
  t.strictSame(tabs[0]?.subscribe('late'), [], 'what it still says is not heard')
  t.equal(world.app.channel('late'), null)
  for (const tab of tabs) tab.end()
  t.equal(world.app.channel('presence-a')?.subscriptionCount, 2, 'the end is not counted twice')
  world.app.terminateUser('nobody')
})
