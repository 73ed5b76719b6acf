import { test } from 'tap'
import { FakeApp } from '../../../support/pusher/http/fake-app.js'
import { ask } from '../../../support/pusher/http/signed-request.js'

function app(): FakeApp {
  const fake = new FakeApp()
  fake.occupied.push(
    { name: 'public', subscriptionCount: 7, userCount: null },
    { name: 'presence-a', subscriptionCount: 5, userCount: 2 },
    { name: 'presence-b', subscriptionCount: 1, userCount: 1 },
    { name: 'cache-c', subscriptionCount: 3, userCount: null },
    { name: '__proto__', subscriptionCount: 1, userCount: null },
  )
  fake.members.set('presence-a', ['1', 'Jürgen "B"'])
  fake.cache.set('cache-c', { data: '{"a":1}', ttl: 1200 })
  fake.cache.set('cache-idle', { data: 'x', ttl: 1 })
  return fake
}

/** [path behind the app, parameters, status, body; of refusals their beginning]. */
const cases: [string, Record<string, string>, number, string][] = [
  ['channels', {}, 200, '{"channels":{"public":{},"presence-a":{},"presence-b":{},"cache-c":{},"__proto__":{}}}'],
  [
    'channels', { filter_by_prefix: '' }, 200,
    '{"channels":{"public":{},"presence-a":{},"presence-b":{},"cache-c":{},"__proto__":{}}}',
  ],
  ['channels', { filter_by_prefix: 'presence-' }, 200, '{"channels":{"presence-a":{},"presence-b":{}}}'],
  [
    'channels', { filter_by_prefix: 'presence-', info: 'user_count' }, 200,
    '{"channels":{"presence-a":{"user_count":2},"presence-b":{"user_count":1}}}',
  ],
  [
    'channels', { filter_by_prefix: 'presence-a', info: 'user_count,subscription_count' }, 200,
    '{"channels":{"presence-a":{"user_count":2,"subscription_count":5}}}',
  ],
  ['channels', { filter_by_prefix: 'pub', info: 'subscription_count' }, 200, '{"channels":{"public":{"subscription_count":7}}}'],
  [
    'channels', { filter_by_prefix: '__proto__', info: 'subscription_count' }, 200,
    '{"channels":{"__proto__":{"subscription_count":1}}}',
  ],
  ['channels', { filter_by_prefix: 'no such' }, 200, '{"channels":{}}'],
  ['channels', { info: 'user_count' }, 400, 'filter_by_prefix must begin with presence- when info has user_count, got: ""'],
  ['channels', { info: 'user_count', filter_by_prefix: 'presence' }, 400, 'filter_by_prefix must begin with presence-'],
  ['channels', { info: 'user_count', filter_by_prefix: 'private-' }, 400, 'filter_by_prefix must begin with presence-'],
  [
    'channels', { info: 'subscription_count,user_count', filter_by_prefix: 'Presence-' }, 400,
    'filter_by_prefix must begin with presence-',
  ],
  ['channels', { info: 'cache' }, 400, 'info must be a list of user_count, subscription_count, got: "cache"'],
  ['channels', { info: 'user_count,,', filter_by_prefix: 'presence-' }, 400, 'info must be a list'],
  ['channels', { info: 'occupied' }, 400, 'info must be a list'],
  ['channels/public', {}, 200, '{"occupied":true}'],
  ['channels/nobody', {}, 200, '{"occupied":false}'],
  ['channels/public', { info: 'subscription_count' }, 200, '{"occupied":true,"subscription_count":7}'],
  ['channels/nobody', { info: 'subscription_count' }, 200, '{"occupied":false,"subscription_count":0}'],
  [
    'channels/presence-a', { info: 'user_count,subscription_count' }, 200,
    '{"occupied":true,"user_count":2,"subscription_count":5}',
  ],
  ['channels/presence-nobody', { info: 'user_count' }, 200, '{"occupied":false,"user_count":0}'],
  ['channels/cache-c', { info: 'cache' }, 200, '{"occupied":true,"cache":{"data":"{\\"a\\":1}","ttl":1200}}'],
  ['channels/cache-idle', { info: 'cache' }, 200, '{"occupied":false,"cache":{"data":"x","ttl":1}}'],
  ['channels/private-cache-x', { info: 'cache' }, 200, '{"occupied":false,"cache":null}'],
  ['channels/private-encrypted-cache-x', { info: 'cache' }, 200, '{"occupied":false,"cache":null}'],
  ['channels/presence-cache-x', { info: 'cache,user_count' }, 200, '{"occupied":false,"user_count":0,"cache":null}'],
  ['channels/__proto__', {}, 200, '{"occupied":true}'],
  ['channels/%70ublic', {}, 200, '{"occupied":true}'],
  ['channels/%23server-to-user-7', {}, 200, '{"occupied":false}'],
  ['channels/public', { info: 'user_count' }, 400, 'a channel must begin with presence- when info has user_count, got: "public"'],
  ['channels/private-presence-', { info: 'user_count' }, 400, 'a channel must begin with presence- when info has user_count'],
  ['channels/public', { info: 'cache' }, 400, 'a channel must be a cache channel when info has cache, got: "public"'],
  ['channels/private-encrypted-x', { info: 'cache' }, 400, 'a channel must be a cache channel'],
  ['channels/presence-a', { info: 'cache' }, 400, 'a channel must be a cache channel'],
  ['channels/public', { info: 'users' }, 400, 'info must be a list of user_count, subscription_count, cache, got: "users"'],
  ['channels/a%20b', {}, 400, 'a channel must be 1..164 letters'],
  ['channels/a%2Fb', {}, 400, 'a channel must be 1..164 letters'],
  ['channels/%00', {}, 400, 'a channel must be 1..164 letters'],
  ['channels/%C3%A9', {}, 400, 'a channel must be 1..164 letters'],
  ['channels/*', {}, 400, 'a channel must be 1..164 letters'],
  ['channels/%23x', {}, 400, 'a channel must be 1..164 letters'],
  [`channels/${'x'.repeat(165)}`, {}, 400, 'a channel must be 1..164 letters'],
  ['channels/presence-a/users', {}, 200, '{"users":[{"id":"1"},{"id":"Jürgen \\"B\\""}]}'],
  ['channels/presence-nobody/users', {}, 200, '{"users":[]}'],
  ['channels/public/users', {}, 400, 'a channel must begin with presence- to have users, got: "public"'],
  ['channels/private-presence-a/users', {}, 400, 'a channel must begin with presence- to have users'],
  ['channels/%23server-to-user-7/users', {}, 400, 'a channel must begin with presence- to have users'],
  ['channels/presence-a%20/users', {}, 400, 'a channel must be 1..164 letters'],
  ['channels/presence-%0a/users', {}, 400, 'a channel must be 1..164 letters'],
]

test('what is told of channels', async (t) => {
  for (const [path, query, status, body] of cases) {
    const answer = await ask({ method: 'GET', path: `/apps/3/${path}`, query }, app())
    t.equal(answer.status, status, `${path} ${JSON.stringify(query)}`)
    if (status === 200) t.equal(answer.body, body)
    else t.ok(String(answer.body).startsWith(body), String(answer.body))
  }
})

/** [the user in the path, who is terminated; null: refused]. */
const terminations: [string, string | null][] = [
  ['7', '7'],
  ['J%C3%BCrgen%20B', 'Jürgen B'],
  ['a%2Fb', 'a/b'],
  ['__proto__', '__proto__'],
  ['x'.repeat(128), 'x'.repeat(128)],
  ['x'.repeat(129), null],
  ['%00', null],
  ['a%0Ab', null],
  ['%C2%85', null],
]

test('ending a user\'s connections', async (t) => {
  for (const [user, terminated] of terminations) {
    const fake = app()
    const answer = await ask({ path: `/apps/3/users/${user}/terminate_connections`, body: '{}' }, fake)
    t.equal(answer.status, terminated === null ? 400 : 200, user)
    t.strictSame(fake.terminated, terminated === null ? [] : [terminated])
    if (terminated !== null) t.equal(answer.body, '{}')
  }
  const fake = app()
  t.equal((await ask({ path: '/apps/3/users/7/terminate_connections' }, fake)).status, 200, 'without a body')
})
