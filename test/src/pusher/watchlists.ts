import { test } from 'tap'
import { PusherWorld, type PusherClient } from '../../support/pusher/pusher-world.js'

function online(...ids: string[]) {
  return { name: 'online', user_ids: ids }
}

function offline(...ids: string[]) {
  return { name: 'offline', user_ids: ids }
}

/** The lists of each message that came. */
function lists(client: PusherClient): unknown[] {
  return client.take().map(({ data }) => (data as { events: unknown }).events)
}

function start(watchlist: string[]) {
  const world = new PusherWorld()
  const watcher = world.connect()
  watcher.signin({ id: 'watcher', watchlist })
  const signin = (id: string) => {
    const client = world.connect()
    client.signin({ id })
    return client
  }
  return { world, watcher, signin }
}

test('changes of one moment are one message', async (t) => {
  const { world, watcher, signin } = start(['a', 'b', 'c', 'd'])
  const a = signin('a')
  world.clock.advance(100)
  t.strictSame(lists(watcher), [[online('a')]])
  signin('b')
  signin('c')
  a.end()
  signin('stranger')
  t.strictSame(lists(watcher), [], 'not yet')
  world.clock.advance(100)
  t.strictSame(lists(watcher), [[online('b', 'c'), offline('a')]])
  world.clock.advance(10_000)
  t.strictSame(lists(watcher), [])
  t.equal(world.clock.waiting, 0)
})

test('who comes and goes in one moment has not changed', async (t) => {
  const { world, watcher, signin } = start(['a', 'b'])
  signin('a').end()
  const b = signin('b')
  world.clock.advance(100)
  t.strictSame(lists(watcher), [[online('b')]])
  b.end()
  signin('b')
  world.clock.advance(100)
  t.strictSame(lists(watcher), [])
})

test('a user\'s second connection changes nothing', async (t) => {
  const { world, watcher, signin } = start(['a'])
  const first = signin('a')
  const second = signin('a')
  world.clock.advance(100)
  t.strictSame(lists(watcher), [[online('a')]])
  first.end()
  world.clock.advance(100)
  t.strictSame(lists(watcher), [])
  second.end()
  world.clock.advance(100)
  t.strictSame(lists(watcher), [[offline('a')]])
})

test('a watcher that is gone is not told', async (t) => {
  const { world, watcher, signin } = start(['a'])
  signin('a')
  watcher.end()
  const calls = world.calls.calls
  world.clock.advance(100)
  t.equal(world.calls.calls, calls)
})

test('statuses follow a random history', async (t) => {
  const ids = ['a', 'b', 'c', 'd', 'e']
  const { world, watcher, signin } = start(ids)
  const seen = new Map(ids.map((id) => [id, 'offline']))
  const open: { id: string, client: PusherClient }[] = []
  let state = 12345
  const random = (below: number) => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return Math.floor((state / 2 ** 31) * below)
  }
  for (let step = 0; step < 1000; step++) {
    if (open.length > 0 && random(2) === 0) open.splice(random(open.length), 1)[0]?.client.end()
    else {
      const id = ids[random(ids.length)] as string
      open.push({ id, client: signin(id) })
    }
    if (random(3) > 0) continue
    world.clock.advance(100)
    for (const changes of lists(watcher) as { name: string, user_ids: string[] }[][]) {
      for (const { name, user_ids: users } of changes) {
        for (const id of users) {
          if (seen.get(id) === name) t.fail(`${id} was ${name} already at step ${step}`)
          seen.set(id, name)
        }
      }
    }
    const model = new Map(ids.map((id) => [id, open.some((client) => client.id === id) ? 'online' : 'offline']))
    if (![...model].every(([id, name]) => seen.get(id) === name)) t.strictSame(seen, model, `step ${step}`)
  }
  t.ok(open.length > 0)
})
