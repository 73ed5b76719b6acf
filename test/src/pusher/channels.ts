import { test } from 'tap'
import { names, PusherWorld } from '../../support/pusher/pusher-world.js'

const added = 'pusher_internal:member_added'
const removed = 'pusher_internal:member_removed'

test('a presence list includes who joins, and the others are told', async (t) => {
  const world = new PusherWorld()
  const [ada, bob] = [world.connect(), world.connect()]
  t.match(ada.subscribe('presence-a', { user_id: 1, user_info: { name: 'Ada' } }), [
    { data: { presence: { ids: ['1'], hash: { 1: { name: 'Ada' } }, count: 1 } } },
  ])
  t.match(bob.subscribe('presence-a', { user_id: 'bob' }), [
    { data: { presence: { ids: ['1', 'bob'], hash: { 1: { name: 'Ada' }, bob: null }, count: 2 } } },
  ], 'nothing but the list')
  t.strictSame(ada.take(), [{ event: added, channel: 'presence-a', data: { user_id: 'bob', user_info: null } }])
  t.equal(world.calls.published.at(-1)?.details?.excluded, bob.id)
  bob.unsubscribe('presence-a')
  t.strictSame(ada.take(), [{ event: removed, channel: 'presence-a', data: { user_id: 'bob' } }])
  t.strictSame(bob.take(), [])
})

test('only a user\'s first and last connection count', async (t) => {
  const world = new PusherWorld()
  const [watcher, ...tabs] = [world.connect(), world.connect(), world.connect(), world.connect()]
  watcher?.subscribe('presence-a', { user_id: 'w' })
  for (const tab of tabs) tab.subscribe('presence-a', { user_id: 'ada' })
  t.strictSame(names(watcher?.take() ?? []), [added])
  t.strictSame(world.app.channel('presence-a'), { name: 'presence-a', subscriptionCount: 4, userCount: 2 })
  tabs[0]?.end()
  tabs[1]?.unsubscribe('presence-a')
  t.strictSame(watcher?.take(), [])
  tabs[2]?.end()
  t.strictSame(names(watcher?.take() ?? []), [removed])
})

test('a user with other info keeps the first one', async (t) => {
  const world = new PusherWorld()
  world.connect().subscribe('presence-a', { user_id: 'ada', user_info: 1 })
  t.match(world.connect().subscribe('presence-a', { user_id: 'ada', user_info: 2 }), [{ data: { presence: { hash: { ada: 1 } } } }])
})

test('who came and went is told when the logs have room again, in order', async (t) => {
  const world = new PusherWorld()
  const [watcher, ada] = [world.connect(), world.connect()]
  watcher.subscribe('presence-a', { user_id: 'w' })
  world.calls.publishFails = 'ERR_LOG_BYTES'
  ada.subscribe('presence-a', { user_id: 'ada' })
  ada.end()
  world.connect().subscribe('presence-a', { user_id: 'ada' })
  world.calls.publishFails = null
  world.clock.advance(100)
  t.strictSame(names(watcher.take()), [added, removed, added])
})

test('webhooks of channels and members', async (t) => {
  const world = new PusherWorld()
  const [one, two] = [world.connect(), world.connect()]
  one.subscribe('news')
  t.strictSame(world.takeWebhooks(), [{ name: 'channel_occupied', channel: 'news' }])
  two.subscribe('news')
  one.unsubscribe('news')
  t.strictSame(world.takeWebhooks(), [])
  two.end()
  t.strictSame(world.takeWebhooks(), [{ name: 'channel_vacated', channel: 'news' }])
  one.subscribe('presence-a', { user_id: 'ada' })
  t.strictSame(world.takeWebhooks(), [
    { name: 'channel_occupied', channel: 'presence-a' }, { name: 'member_added', channel: 'presence-a', user_id: 'ada' },
  ])
  one.end()
  t.strictSame(world.takeWebhooks(), [
    { name: 'member_removed', channel: 'presence-a', user_id: 'ada' }, { name: 'channel_vacated', channel: 'presence-a' },
  ])
})

test('webhooks that nobody wants are not posted', async (t) => {
  const world = new PusherWorld({ subscriptionCounts: true })
  world.wanted = (name) => name === 'channel_vacated'
  const client = world.connect()
  client.subscribe('cache-news')
  client.subscribe('presence-a', { user_id: 'ada' })
  client.end()
  t.strictSame(world.takeWebhooks(), [{ name: 'channel_vacated', channel: 'cache-news' }, { name: 'channel_vacated', channel: 'presence-a' }])
})

test('a cache channel: the last event after the success, or that there is none', async (t) => {
  for (const channel of ['cache-a', 'private-cache-a', 'private-encrypted-cache-a', 'presence-cache-a']) {
    const world = new PusherWorld()
    const member = channel.startsWith('presence-') ? { user_id: 'ada' } : null
    t.strictSame(world.connect().subscribe(channel, member).slice(1), [{ event: 'pusher:cache_miss', channel }], channel)
    t.strictSame(world.takeWebhooks().filter(({ name }) => name === 'cache_miss'), [{ name: 'cache_miss', channel }])
    world.publish(channel, 'one', '{"n":1}')
    world.publish(channel, 'two', '{"n":2}')
    t.strictSame(world.connect().subscribe(channel, member).slice(1), [{ event: 'two', channel, data: { n: 2 } }], channel)
    t.strictSame(world.takeWebhooks(), [])
    world.clock.advance(30 * 60_000)
    t.strictSame(names(world.connect().subscribe(channel, member)), ['pusher_internal:subscription_succeeded', 'pusher:cache_miss'])
  }
})

test('the webhook of a miss: one for each subscription, none for asking again', async (t) => {
  const world = new PusherWorld()
  const [one, two] = [world.connect(), world.connect()]
  const misses = () => world.takeWebhooks().filter(({ name }) => name === 'cache_miss').length
  one.subscribe('cache-a')
  t.equal(misses(), 1)
  t.strictSame(names(one.subscribe('cache-a')), ['pusher_internal:subscription_succeeded', 'pusher:cache_miss'], 'the answer says so again')
  t.equal(misses(), 0)
  two.subscribe('cache-a')
  t.equal(misses(), 1)
  two.unsubscribe('cache-a')
  two.subscribe('cache-a')
  t.equal(misses(), 1)
  world.publish('cache-a')
  two.unsubscribe('cache-a')
  two.subscribe('cache-a')
  t.equal(misses(), 0)
})

test('other channels remember nothing', async (t) => {
  const world = new PusherWorld()
  for (const channel of ['news', 'private-a', 'private-encrypted-a', 'presence-a']) {
    world.publish(channel)
    t.equal(world.connect().subscribe(channel, channel === 'presence-a' ? { user_id: 'ada' } : null).length, 1, channel)
    t.equal(world.app.cached(channel), null)
  }
})

test('member events are not cached', async (t) => {
  const world = new PusherWorld()
  const [ada, bob] = [world.connect(), world.connect()]
  ada.subscribe('presence-cache-a', { user_id: 'ada' })
  bob.subscribe('presence-cache-a', { user_id: 'bob' })
  t.equal(world.app.cached('presence-cache-a'), null)
})

test('who may publish', async (t) => {
  const channels = [
    ['news', false], ['cache-a', false], ['private-a', true], ['private-cache-a', true], ['presence-a', true], ['presence-cache-a', true],
    ['private-encrypted-a', false], ['private-encrypted-cache-a', false], ['#server-to-user-ada', false],
  ] as const
  for (const clientEvents of [true, false]) {
    const client = new PusherWorld({ clientEvents }).connect()
    client.signin({ id: 'ada' })
    for (const [channel, may] of channels) {
      const presence = channel.startsWith('presence-')
      client.subscribe(channel, presence ? { user_id: 'p' } : null)
      const options = client.connection.topics.get(`pusher/app/${channel}`)
      t.equal(options?.publishes, may && clientEvents, channel)
      t.equal(options?.userId, presence ? 'p' : null, channel)
    }
  }
})

test('subscription counts', async (t) => {
  const world = new PusherWorld({ subscriptionCounts: true })
  const count = (n: number) => ({ event: 'pusher_internal:subscription_count', channel: 'news', data: { subscription_count: n } })
  const [one, two] = [world.connect(), world.connect()]
  t.strictSame(one.subscribe('news').slice(1), [count(1)])
  t.strictSame(two.subscribe('news').slice(1), [count(2)])
  t.strictSame(one.take(), [count(2)])
  two.end()
  t.strictSame(one.take(), [count(1)])
  one.end()
  t.strictSame(world.webhooks.filter(({ name }) => name === 'subscription_count'), [1, 2, 1, 0].map((n) => (
    { name: 'subscription_count', channel: 'news', subscription_count: n })))
})

test('no subscription counts on presence channels, nor when they are off', async (t) => {
  for (const [subscriptionCounts, channel] of [[true, 'presence-a'], [false, 'news']] as const) {
    const world = new PusherWorld({ subscriptionCounts })
    const client = world.connect()
    t.equal(client.subscribe(channel, channel === 'news' ? null : { user_id: 'ada' }).length, 1, channel)
    t.notOk(world.webhooks.some(({ name }) => name === 'subscription_count'), channel)
  }
})

test('counts of a large channel come every five seconds at most', async (t) => {
  const world = new PusherWorld({ subscriptionCounts: true })
  for (let n = 0; n < 1000; n++) world.connect().subscribe('news')
  t.equal(world.calls.published.length, 101)
  world.clock.advance(5000)
  t.strictSame(JSON.parse(world.calls.published.at(-1)?.data ?? ''), { subscription_count: 1000 })
  t.equal(world.calls.published.length, 102)
})

test('a subscription costs the same whatever the number of subscribers', async (t) => {
  const world = new PusherWorld()
  const costs = Array.from({ length: 5000 }, () => {
    const client = world.connect()
    const before = world.calls.calls
    client.subscribe('news')
    return world.calls.calls - before
  })
  t.strictSame(new Set(costs), new Set([1]))
  const before = world.calls.calls
  world.publish('news')
  t.equal(world.calls.calls - before, 1, 'one call for all of them')
})

test('nothing stays when everybody is gone', async (t) => {
  const world = new PusherWorld()
  const client = world.connect()
  for (let n = 0; n < 100_000; n++) {
    client.sendText(`{"event":"pusher:subscribe","data":{"channel":"news-${n}"}}`)
    client.sendText(`{"event":"pusher:unsubscribe","data":{"channel":"news-${n}"}}`)
  }
  t.strictSame([...world.app.channels('')], [])
  t.equal(world.calls.topics, 0)
  t.equal(world.webhooks.length, 200_000)
  client.end()
  t.equal(world.calls.connections.size, 0)
  t.equal(world.clock.waiting, 0)
})
