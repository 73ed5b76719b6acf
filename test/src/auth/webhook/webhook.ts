import { test, type Test } from 'tap'
import type { Credential } from '../../../../src/auth/credential.js'
import { isPrincipal, type Looked } from '../../../../src/auth/principal.js'
import type { Question } from '../../../../src/auth/question.js'
import { Webhook, type WebhookSettings } from '../../../../src/auth/webhook/webhook.js'
import { question } from '../../../support/auth/questions.js'
import { json, TestServer } from '../../../support/auth/server.js'
import { TestWorld } from '../../../support/auth/world.js'

const opaque: Credential = { kind: 'token', token: 'opaque-token', place: 'header' }

interface Scene {
  readonly world: TestWorld
  readonly server: TestServer
  readonly ask: (change?: Partial<Question>, credential?: Credential) => Promise<Looked>
  readonly outcome: (change?: Partial<Question>, credential?: Credential) => Promise<string>
}

async function scene(t: Test, change: Partial<WebhookSettings> = {}): Promise<Scene> {
  const world = new TestWorld(t)
  const server = await TestServer.start(t)
  const webhook = new Webhook({ url: server.url('/decide?key=hidden'), timeoutMs: 5000, cacheMs: 30_000, headers: [], ...change }, world)
  const ask = async (asked: Partial<Question> = {}, credential = opaque) => webhook.decide(question(null, asked), credential, () => false)
  const outcome = async (asked: Partial<Question> = {}, credential = opaque) => {
    const looked = await ask(asked, credential)
    return isPrincipal(looked) ? 'allowed' : looked.code
  }
  return { world, server, ask, outcome }
}

test('what it is told', async (t) => {
  const { server, ask } = await scene(t, { headers: ['cookie', 'x-tenant'] })
  server.respond = json({ allow: true })
  await ask({ origin: 'https://shop.example', topics: ['a', 'b'], headers: { cookie: 'sid=1', authorization: 'Bearer opaque-token', 'x-other': '1' } })
  const [request] = server.requests
  t.match(request, { method: 'POST', path: '/decide?key=hidden', headers: { 'content-type': 'application/json' } })
  t.strictSame(JSON.parse(request?.body ?? ''), {
    protocol: 'websocket-subscribe', listener: 'subscribe', peer: '192.0.2.1', origin: 'https://shop.example', topics: ['a', 'b'], action: 'subscribe',
    credential: 'opaque-token', headers: { cookie: 'sid=1' },
  })
  await ask({ listener: 'grpc' }, { kind: 'none' })
  t.notOk('credential' in JSON.parse(server.requests[1]?.body ?? ''))
  await ask({}, { kind: 'certificate', certificate: { commonName: 'feed', uris: ['spiffe://feed'], expiresAt: 1 } })
  t.strictSame(JSON.parse(server.requests[2]?.body ?? '').certificate, { commonName: 'feed', uris: ['spiffe://feed'] })
})

test('what it may answer', async (t) => {
  const { world, server, ask } = await scene(t, { cacheMs: 0 })
  server.respond = json({ allow: true, publish: ['users/{sub}'], subscribe: ['public/**', 'users/{sub}/*'], expiresInMs: 60_000, subject: 'u1', more: 1 })
  t.strictSame(await ask(), {
    way: 'webhook', name: '', subject: 'u1', expiresAt: world.wall + 60_000, grants: { publish: ['users/u1'], subscribe: ['public/**', 'users/u1/*'], api: [] },
  })
  server.respond = json({ allow: true, publish: ['a'] })
  t.match(await ask(), { subject: null, expiresAt: null, grants: { publish: ['a'], subscribe: [] } })
})

test('a yes without patterns is for what was asked', async (t) => {
  const { server, ask } = await scene(t)
  server.respond = json({ allow: true })
  t.match(await ask({ topics: ['a', 'b/c'] }), { grants: { publish: [], subscribe: ['a', 'b/c'], api: [] } })
  t.match(await ask({ topics: ['a'], action: 'publish' }), { grants: { publish: ['a'], subscribe: [] } })
  t.match(await ask({ topics: [] }), { grants: { publish: [], subscribe: [] } })
  t.match(await ask({ topics: [], action: 'admin', api: true }), { grants: { publish: [], subscribe: [], api: [] } })
  t.match(await ask({ topics: ['a', '**', 'x/*', '{sub}'] }), { grants: { subscribe: ['a'] } }, 'a star in a topic grants no more than it is')
})

test('a yes is remembered, for the very same question', async (t) => {
  const { world, server, outcome } = await scene(t)
  server.respond = json({ allow: true })
  const asked = () => server.requests.length
  t.strictSame(await Promise.all(Array.from({ length: 1000 }, () => outcome())), Array(1000).fill('allowed'))
  t.equal(asked(), 1, 'also when many come at the same time')
  world.pass(29_999)
  await outcome()
  t.equal(asked(), 1)
  for (const change of [{ topics: ['a'] }, { peer: '192.0.2.2' }, { action: 'publish' }, { origin: 'https://x' }, { listener: 'grpc' }, { protocol: 'grpc' }] as const) await outcome(change)
  await outcome({}, { kind: 'token', token: 'other', place: 'header' })
  await outcome({}, { kind: 'none' })
  t.equal(asked(), 9)
  world.pass(1)
  await outcome()
  t.equal(asked(), 10)
  server.respond = json({ allow: true, expiresInMs: 1000 })
  await outcome({ topics: ['short'] })
  world.pass(999)
  await outcome({ topics: ['short'] })
  t.equal(asked(), 11)
  world.pass(1)
  await outcome({ topics: ['short'] })
  t.equal(asked(), 12, 'no longer than it is good for')
})

test('a no is not remembered', async (t) => {
  const { server, outcome } = await scene(t)
  server.respond = json({ allow: false })
  t.equal(await outcome(), 'webhook-refused')
  server.respond = json({ allow: true })
  t.equal(await outcome(), 'allowed')
})

test('statuses: some refuse, the others are no answer', async (t) => {
  const { server, outcome } = await scene(t)
  for (const status of [400, 401, 403, 404, 410, 451]) {
    server.respond = json({ allow: true }, status)
    t.equal(await outcome(), 'webhook-refused', `${status}`)
  }
  for (const status of [500, 503, 408, 429]) {
    server.respond = json({ allow: true }, status)
    t.equal(await outcome(), 'webhook-unavailable', `${status}`)
  }
  server.respond = json({ allow: false }) // the failures are in a row no longer
  await outcome()
  for (const status of [201, 204, 301]) {
    server.respond = json({ allow: true }, status)
    t.equal(await outcome(), 'webhook-unavailable', `${status}`)
  }
})

test('lies: whatever is not a clear yes refuses', async (t) => {
  const { server, outcome } = await scene(t)
  const answers: unknown[] = [
    {}, { allow: 'true' }, { allow: 1 }, { allow: null }, { Allow: true }, [{ allow: true }], true, 'allow', null, { allow: true, publish: '**' }, { allow: true, publish: ['**/x'] },
    { allow: true, subscribe: [1] }, { allow: true, subscribe: null }, { allow: true, publish: Array(101).fill('a') }, { allow: true, expiresInMs: 0 }, { allow: true, expiresInMs: -1 },
    { allow: true, expiresInMs: '60000' }, { allow: true, expiresInMs: 1.5 }, { allow: true, expiresInMs: 1e300 }, { allow: true, subject: 1 }, { allow: true, subject: '' },
    { allow: true, subject: 'x'.repeat(257) },
  ]
  for (const answer of answers) {
    server.respond = json(answer)
    t.equal(await outcome(), 'webhook-unavailable', JSON.stringify(answer).slice(0, 60))
    server.respond = json({ allow: false })
    await outcome()
  }
  for (const text of ['', 'true', '{"allow": true', '{"allow": true}}', '<html>', '\ufeff{"allow": true}', 'x'.repeat(70_000)]) {
    server.respond = (response) => response.end(text)
    t.equal(await outcome(), 'webhook-unavailable', text.slice(0, 20))
    server.respond = json({ allow: false })
    await outcome()
  }
})

test('slow: refused when the time is over', async (t) => {
  const { server, ask } = await scene(t, { timeoutMs: 30 })
  server.respond = () => {}
  t.match(await ask(), { code: 'webhook-unavailable', reason: 'the webhook failed: no answer within 30 ms' })
  server.respond = (response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write(' '), 1)
    response.on('close', () => clearInterval(timer))
  }
  t.match(await ask(), { code: 'webhook-unavailable' })
})

test('down: after five failures in a row it is asked once a second, until it answers', async (t) => {
  const { world, server, outcome } = await scene(t)
  server.respond = json({}, 500)
  for (let count = 0; count < 5; count++) t.equal(await outcome(), 'webhook-unavailable')
  t.equal(server.requests.length, 5)
  for (let count = 0; count < 20; count++) t.equal(await outcome(), 'webhook-unavailable')
  t.equal(server.requests.length, 5)
  const name = server.url('/decide').href
  t.strictSame(world.warnings, [`the webhook ${name} has failed repeatedly (status 500): it is asked once a second until it answers`])
  world.pass(1000)
  await Promise.all(Array.from({ length: 20 }, (_, at) => outcome({ topics: [`${at}`] })))
  t.equal(server.requests.length, 6)
  server.respond = json({ allow: false })
  world.pass(1000)
  t.equal(await outcome(), 'webhook-refused')
  t.equal(await outcome({ topics: ['b'] }), 'webhook-refused')
  t.equal(server.requests.length, 8)
  t.strictSame(world.warnings.slice(1), [`the webhook ${name} answers again`])
  server.stop()
  for (let count = 0; count < 7; count++) t.equal(await outcome(), 'webhook-unavailable')
  t.equal(world.warnings.length, 3)
  t.notMatch(JSON.stringify(world.warnings), /hidden|opaque-token/)
})

test('those that it refuses do not open the circuit for the others', async (t) => {
  const { server, outcome } = await scene(t)
  server.respond = json({}, 403)
  for (let count = 0; count < 20; count++) await outcome()
  server.respond = json({ allow: true })
  t.equal(await outcome(), 'allowed')
})
