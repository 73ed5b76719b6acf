import { test } from 'tap'
import { FakeApp } from '../../../support/pusher/http/fake-app.js'
import { ask } from '../../../support/pusher/http/signed-request.js'

const good = { name: 'n', data: 'd', channel: 'c' }

function trigger(app: FakeApp, body: unknown) {
  return ask({ body: JSON.stringify(body) }, app)
}

function batch(app: FakeApp, ...events: unknown[]) {
  return ask({ path: '/apps/3/batch_events', body: JSON.stringify({ batch: events }) }, app)
}

function occupiedApp(): FakeApp {
  const app = new FakeApp()
  app.occupied.push(
    { name: 'c', subscriptionCount: 7, userCount: null },
    { name: 'presence-p', subscriptionCount: 5, userCount: 2 },
    { name: '__proto__', subscriptionCount: 1, userCount: null },
  )
  return app
}

function failing(code: string, failAt = 0): FakeApp {
  const app = new FakeApp()
  app.failure = Object.assign(new Error(code), { code })
  app.failAt = failAt
  return app
}

test('an event to one channel', async (t) => {
  const app = new FakeApp()
  const answer = await trigger(app, { ...good, socket_id: '1.2' })
  t.strictSame([answer.status, answer.headers, answer.body], [200, { 'content-type': 'application/json' }, '{}'])
  t.strictSame(app.published, [{ name: 'n', channel: 'c', data: 'd', socketId: '1.2' }])
  t.strictSame(app.taken, [1])
})

test('an event to several channels, each once and in their order', async (t) => {
  const app = new FakeApp()
  await trigger(app, { name: 'n', data: 'd', channels: ['z', 'a', 'z', '#server-to-user-7'] })
  t.strictSame(app.published.map(({ channel }) => channel), ['z', 'a', '#server-to-user-7'])
  t.ok(app.published.every(({ socketId }) => socketId === null))
  t.strictSame(app.taken, [3], 'each channel counts')
})

test('a batch in its order', async (t) => {
  const app = new FakeApp()
  const answer = await batch(app, good, { ...good, name: 'm', channel: 'a' }, { ...good, socket_id: '3.4' })
  t.equal(answer.body, '{}')
  t.strictSame(app.published, [
    { name: 'n', channel: 'c', data: 'd', socketId: null },
    { name: 'm', channel: 'a', data: 'd', socketId: null },
    { name: 'n', channel: 'c', data: 'd', socketId: '3.4' },
  ])
  t.strictSame(app.taken, [3])
})

test('one bad event in a batch: none is published', async (t) => {
  const app = new FakeApp()
  t.equal((await batch(app, good, { ...good, data: 'x'.repeat(10_241) })).status, 413)
  t.equal((await batch(app, good, { ...good, name: '' })).status, 400)
  t.strictSame([app.published, app.taken], [[], []])
})

test('what was asked of the channels', async (t) => {
  const app = occupiedApp()
  const channels = ['c', 'presence-p', 'nobody', '__proto__', 'presence-nobody']
  const answer = await trigger(app, { name: 'n', data: 'd', channels, info: 'user_count,subscription_count' })
  t.equal(answer.body, JSON.stringify({
    channels: {
      c: { subscription_count: 7 }, 'presence-p': { user_count: 2, subscription_count: 5 }, nobody: { subscription_count: 0 },
      ['__proto__']: { subscription_count: 1 }, 'presence-nobody': { user_count: 0, subscription_count: 0 },
    },
  }))
  t.equal((await trigger(app, { ...good, info: 'user_count' })).body, '{"channels":{"c":{}}}')
})

test('what was asked of a batch\'s channels, by event', async (t) => {
  const events = [good, { ...good, channel: 'presence-p', info: 'user_count' }, { ...good, info: 'subscription_count' }]
  const answer = await batch(occupiedApp(), ...events)
  t.equal(answer.body, '{"batch":[{},{"user_count":2},{"subscription_count":7}]}')
})

test('over the rate nothing is published', async (t) => {
  const app = new FakeApp({ limits: { backendEventsPerSecondMax: 3 } })
  app.eventsLeft = 3
  t.equal((await trigger(app, { name: 'n', data: 'd', channels: ['a', 'b'] })).status, 200)
  const answer = await batch(app, good, good)
  t.strictSame([answer.status, answer.body], [429, 'events must be at most 3 a second, got: 2 more\n'])
  t.equal(answer.headers['retry-after'], '1')
  t.equal((await trigger(app, good)).status, 200, 'what fits still goes')
  t.equal(app.published.length, 3)
})

test('what the engine refuses', async (t) => {
  const cases: [string, number][] = [
    ['ERR_TOPIC', 400], ['ERR_MESSAGE_BYTES', 413], ['ERR_LOG_BYTES', 503], ['ERR_TOPICS', 503], ['ERR_CLOSED', 503],
  ]
  for (const [code, status] of cases) {
    const answer = await trigger(failing(code), good)
    t.equal(answer.status, status, code)
    t.match(answer.body, /^an? (event|channel) must .+; 0 of 1 events were published, got: "c"\n$/)
  }
})

test('a failure in the middle says how far it came', async (t) => {
  const app = failing('ERR_LOG_BYTES', 2)
  const answer = await trigger(app, { name: 'n', data: 'd', channels: ['a', 'b', 'c', 'd'] })
  t.strictSame([answer.status, answer.body], [
    503, 'an event must wait: the broker has no memory left for it; 2 of 4 events were published, got: "c"\n',
  ])
  t.equal(app.published.length, 2)
})

test('another error is not an answer', async (t) => {
  await t.rejects(trigger(failing('ERR_ELSE'), good), { message: 'ERR_ELSE' })
  const app = new FakeApp()
  app.failure = new Error('no code')
  await t.rejects(batch(app, good), { message: 'no code' })
})
