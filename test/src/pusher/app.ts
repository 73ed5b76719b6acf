import { test } from 'tap'
import { PusherWorld } from '../../support/pusher/pusher-world.js'

test('publishing', async (t) => {
  const world = new PusherWorld()
  const [one, two] = [world.connect(), world.connect()]
  for (const client of [one, two]) client.subscribe('news')
  world.publish('news', 'hello', 'text', one.socketId)
  t.strictSame(one.take(), [], 'who is left out')
  t.strictSame(two.take(), [{ event: 'hello', channel: 'news', data: 'text' }])
  t.strictSame(world.calls.published, [{ topic: 'pusher/app/news', data: 'text', details: { event: 'hello', userId: null, excluded: one.id } }])
  one.end()
  for (const socketId of [one.socketId, '1.1', '', '__proto__', null]) {
    world.publish('news', 'hello', 'text', socketId)
    t.equal(world.calls.published.at(-1)?.details?.excluded, 0, String(socketId))
  }
})

test('what the engine refuses is not cached', async (t) => {
  const world = new PusherWorld()
  world.calls.publishFails = 'ERR_LOG_BYTES'
  t.throws(() => world.publish('cache-a'), { code: 'ERR_LOG_BYTES' })
  t.equal(world.app.cached('cache-a'), null)
})

test('what is cached', async (t) => {
  const world = new PusherWorld()
  world.publish('cache-a', 'hello', 'text')
  t.strictSame(world.app.cached('cache-a'), { data: 'text', ttl: 1800 })
  world.clock.advance(600_000)
  t.strictSame(world.app.cached('cache-a'), { data: 'text', ttl: 1200 })
  t.equal(world.app.cached('cache-b'), null)
})

test('channels', async (t) => {
  const world = new PusherWorld()
  const client = world.connect()
  for (const channel of ['news', 'newspaper', 'private-a']) client.subscribe(channel)
  client.subscribe('presence-a', { user_id: 'ada' })
  world.connect().subscribe('presence-a', { user_id: 'ada' })
  t.strictSame([...world.app.channels('')].map(({ name }) => name), ['news', 'newspaper', 'private-a', 'presence-a'])
  t.strictSame([...world.app.channels('newsp')], [{ name: 'newspaper', subscriptionCount: 1, userCount: null }])
  t.strictSame([...world.app.channels('presence-')], [{ name: 'presence-a', subscriptionCount: 2, userCount: 1 }])
  t.strictSame(world.app.users('presence-a'), ['ada'])
  for (const name of ['news', 'nowhere', '__proto__']) t.strictSame(world.app.users(name), [], name)
  t.equal(world.app.channel('nowhere'), null)
})

test('backend events a second', async (t) => {
  const world = new PusherWorld({ limits: { backendEventsPerSecondMax: 10 } })
  t.ok(world.app.takeBackendEvents(8))
  t.notOk(world.app.takeBackendEvents(3))
  t.ok(world.app.takeBackendEvents(2), 'what was refused was not counted')
  t.notOk(world.app.takeBackendEvents(1))
  world.clock.advance(1000)
  t.ok(world.app.takeBackendEvents(10))
  t.ok(new PusherWorld().app.takeBackendEvents(1e9), 'no limit')
})
