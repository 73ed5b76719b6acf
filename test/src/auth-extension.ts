import { test, type Test } from 'tap'
import { AuthExtension, reloadAuth } from '../../src/auth-extension.js'
import { parseOptions } from '../../src/config/parse.js'
import type { BrokerOptions } from '../../src/config/schema.js'
import type { ExtensionPort } from '../../src/extension.js'
import type { AuthAnswer, AuthAskedEvent } from '../../src/native/binding.js'
import { token } from '../support/auth/sign.js'
import { TestWorld } from '../support/auth/world.js'

const secret = 'a-secret-of-at-least-32-characters'
const feed = { name: 'feed', secret: 'the-token-of-the-feed', publish: ['prices/*'] }
const jwt = { keys: [{ alg: 'HS256' as const, secret }] }

/** An engine that keeps what it is told. */
class Engine {
  answers: AuthAnswer[] = []
  batches = 0
  compiled = 0
  revoked: [readonly number[], number][] = []
  shifted: number[] = []
  headers: readonly string[] = []
  #wake: () => void = () => {}

  compileGrants(publish: readonly string[], subscribe: readonly string[]) {
    this.compiled++
    return { publish, subscribe } as never
  }

  answerQuestions(answers: readonly AuthAnswer[]) {
    this.batches++
    this.answers.push(...answers)
    this.#wake()
  }

  setAskedHeaders(names: readonly string[]) {
    this.headers = names
  }

  revoke(standings: readonly number[], withinMs: number) {
    this.revoked.push([standings, withinMs])
  }

  shiftEnds(aheadMs: number) {
    this.shifted.push(aheadMs)
  }

  async answered(count: number): Promise<readonly AuthAnswer[]> {
    while (this.answers.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.answers
  }
}

interface Scene {
  readonly extension: AuthExtension
  readonly engine: Engine
  readonly world: TestWorld
  readonly warnings: string[]
  readonly counters: Map<string, () => number>
  readonly port: ExtensionPort
}

async function scene(t: Test, auth: BrokerOptions['auth']): Promise<Scene> {
  const world = new TestWorld(t)
  const engine = new Engine()
  const warnings: string[] = []
  const counters = new Map<string, () => number>()
  const extension = await AuthExtension.create(parseOptions({ auth }), () => world)
  if (extension === null) throw new Error('there is auth')
  const port = {
    engine: engine as never, warn: (name: string, message: string) => warnings.push(`${name}: ${message}`),
    count: (name: string, _help: string, read: () => number) => void counters.set(name, read), explainStats: () => ({}),
  }
  extension.attach(port)
  t.teardown(() => extension.close())
  return { extension, engine, world, warnings, counters, port }
}

let last = 0

function asked(bearer: string | null, change: Partial<AuthAskedEvent> = {}): AuthAskedEvent {
  return {
    type: 'auth-asked', id: ++last, question: 1, protocol: 'websocket-publish', listener: 0, action: 'publish', peer: '192.0.2.1', proxied: false, origin: null, topics: ['prices/eur'],
    credential: { authorization: bearer === null ? null : `Bearer ${bearer}`, subprotocols: null, query: '', metadata: null, certificate: null }, headers: {}, ...change,
  }
}

test('without auth there is nothing', async (t) => {
  t.equal(await AuthExtension.create(parseOptions({})), null)
})

test('questions of one turn are answered together, and one credential is compiled once', async (t) => {
  const { extension, engine, world } = await scene(t, { jwt })
  const bearer = token('HS256', Buffer.from(secret), { alg: 'HS256' }, { sub: 'alice', exp: world.wall / 1000 + 60, topics: { publish: ['prices/*'] } })
  const events = Array.from({ length: 1000 }, () => asked(bearer))
  for (const event of events) extension.onAsked(event)
  const answers = await engine.answered(1000)
  t.equal(engine.compiled, 1)
  t.ok(engine.batches < 100, `${engine.batches} batches`)
  t.strictSame(new Set(answers.map(({ id }) => id)), new Set(events.map(({ id }) => id)))
  t.match(answers[0], { question: 1, allow: true, grants: { publish: ['prices/*'], subscribe: [] }, subject: 'alice', endsInMs: 60_000, standing: 1, answersBearer: false })
  t.ok(answers.every((each) => each.allow && each.standing === 1))
})

test('refusals are told in the words of each protocol, logged with their reason, and counted', async (t) => {
  const { extension, engine, warnings, counters } = await scene(t, { tokens: [feed] })
  extension.onAsked(asked('not-the-token-of-anybody'))
  const [answer] = await engine.answered(1)
  t.match(answer, { allow: false, status: 401, challenge: /invalid_token/, retryAfterSeconds: null, told: 'the credential is not valid' })
  t.match(warnings, [/^auth-refused: refused 192\.0\.2\.1 \(publish, websocket-publish\): unknown-token: /])
  t.notMatch(warnings.join(), /not-the-token/)
  t.equal(counters.get('auth_refused_unknown_token')?.(), 1)
  t.equal(counters.get('auth_refused_no_credential')?.(), 0)
})

test('the subprotocol, and the end of what has ended', async (t) => {
  const { extension, engine } = await scene(t, { tokens: [feed] })
  const subprotocols = `bearer, bearer.${Buffer.from(feed.secret).toString('base64url')}`
  extension.onAsked(asked(null, { credential: { authorization: null, subprotocols, query: '', metadata: null, certificate: null } }))
  t.match(await engine.answered(1), [{ allow: true, answersBearer: true, endsInMs: null, subject: 'feed' }])
})

test('a reload ends what stood on what it takes away, once, and who comes then stands on something else', async (t) => {
  const { extension, engine, port } = await scene(t, { tokens: [feed, { ...feed, name: 'other', secret: 'the-token-of-the-other' }] })
  extension.onAsked(asked(feed.secret))
  extension.onAsked(asked('the-token-of-the-other'))
  const before = [...await engine.answered(2)]
  const standingOf = (answer: AuthAnswer | undefined) => (answer?.allow === true ? answer.standing : null)
  await reloadAuth(port, parseOptions({ auth: { tokens: [{ ...feed, secret: 'another-token-of-the-feed' }, { ...feed, name: 'other', secret: 'the-token-of-the-other' }] } }))
  t.strictSame(engine.revoked, [[[standingOf(before[0])], 5000]])
  extension.onAsked(asked(feed.secret))
  extension.onAsked(asked('another-token-of-the-feed'))
  const after = (await engine.answered(4)).slice(2)
  t.equal(after[0]?.allow, false)
  t.not(standingOf(after[1]), standingOf(before[0]))
  await reloadAuth(port, parseOptions({ auth: { tokens: [{ ...feed, secret: 'another-token-of-the-feed' }], anonymous: {} } }))
  t.strictSame(engine.revoked.slice(1), [[[standingOf(before[1])], 5000]])
})

test('what was asked before a reload is decided by what holds after it', async (t) => {
  const { extension, engine } = await scene(t, { tokens: [feed] })
  extension.onAsked(asked(feed.secret))
  await Promise.resolve() // it is with those who decide
  await extension.reload(parseOptions({ auth: { tokens: [{ ...feed, secret: 'another-token-of-the-feed' }] } }))
  t.match(await engine.answered(1), [{ allow: false, status: 401 }])
  t.equal(engine.answers.length, 1)
})

test('a reload that is wrong changes nothing, and auth neither comes nor goes', async (t) => {
  const { extension, engine, port } = await scene(t, { tokens: [feed] })
  const wrong = { tokens: [{ ...feed, secret: undefined, secretFile: '/nowhere/at-all' }] }
  await t.rejects(reloadAuth(port, parseOptions({ auth: wrong })), { name: 'ConfigError' })
  await t.rejects(reloadAuth(port, parseOptions({})), { name: 'ConfigError', message: /auth/ })
  extension.onAsked(asked(feed.secret))
  t.match(await engine.answered(1), [{ allow: true }])
  t.strictSame(engine.revoked, [])
  const none = { ...port }
  await reloadAuth(none, parseOptions({}))
  await t.rejects(reloadAuth(none, parseOptions({ auth: { tokens: [feed] } })), { name: 'ConfigError', message: /started without it/ })
})

test('headers that the webhook wants are asked for', async (t) => {
  const { engine, extension } = await scene(t, { webhook: { url: 'http://127.0.0.1:9/', headers: ['cookie'] } })
  t.strictSame(engine.headers, ['cookie'])
  await extension.reload(parseOptions({ auth: { webhook: { url: 'http://127.0.0.1:9/', headers: ['cookie', 'x-a'] } } }))
  t.strictSame(engine.headers, ['cookie', 'x-a'])
})

test('nothing is answered once the broker has ended', async (t) => {
  const { extension, engine } = await scene(t, { tokens: [feed] })
  extension.onAsked(asked(feed.secret))
  await extension.close()
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  t.strictSame(engine.answers, [])
})

test('a clock that was set just now is told before an end that is counted by it', async (t) => {
  const { extension, engine, world } = await scene(t, { jwt })
  const bearer = token('HS256', Buffer.from(secret), { alg: 'HS256' }, { exp: world.wall / 1000 + 60, topics: { publish: ['**'] } })
  const answerQuestions = engine.answerQuestions.bind(engine)
  let shiftedBefore: readonly number[] = []
  engine.answerQuestions = (answers) => {
    shiftedBefore = [...engine.shifted]
    answerQuestions(answers)
  }
  world.wall -= 3_600_000 // set back; it is looked at every second, and this comes sooner
  extension.onAsked(asked(bearer))
  t.match(await engine.answered(1), [{ allow: true, endsInMs: 3_660_000 }])
  t.strictSame(shiftedBefore, [-3_600_000])
})
