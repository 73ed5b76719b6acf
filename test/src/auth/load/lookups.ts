import { test } from 'tap'
import { noGrants } from '../../../../src/auth/grants.js'
import { Lookups } from '../../../../src/auth/load/lookups.js'
import { nobody, type Looked } from '../../../../src/auth/principal.js'

const somebody: Looked = { way: 'jwt', name: 'key', subject: 'u1', grants: noGrants, expiresAt: null }
const bounds = { atOnceMax: 2, waitingMax: 3, waitMsMax: 1000 }
const never = () => false

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A look that ends when it is told to. */
function held(): { run: () => Promise<Looked>, end: (looked: Looked) => void, runs: () => number } {
  let runs = 0
  let end: (looked: Looked) => void = () => {}
  const looked = new Promise<Looked>((resolve) => {
    end = resolve
  })
  return { run: () => (runs++, looked), end: (found) => end(found), runs: () => runs }
}

test('one look for all who ask at the same time', async (t) => {
  const lookups = new Lookups(bounds, () => 0)
  const one = held()
  const asked = Array.from({ length: 1000 }, () => lookups.look('a', never, one.run))
  await turn()
  one.end(somebody)
  const looked = await Promise.all(asked)
  t.equal(one.runs(), 1)
  t.ok(looked.every((each) => each === somebody))
})

test('a few at one time, the others in their order, no more than may wait', async (t) => {
  const lookups = new Lookups(bounds, () => 0)
  const looks = ['a', 'b', 'c', 'd', 'e', 'f'].map((digest) => ({ digest, ...held() }))
  const running = () => looks.filter(({ runs }) => runs() > 0).map(({ digest }) => digest).join('')
  const first = looks.slice(0, 2).map(({ digest, run }) => lookups.look(digest, never, run))
  await turn()
  t.equal(running(), 'ab')
  const rest = looks.slice(2).map(({ digest, run }) => lookups.look(digest, never, run))
  t.match(await rest[3], { code: 'busy' })
  await turn()
  t.equal(running(), 'ab')
  looks[1]?.end(somebody)
  await first[1]
  await turn()
  t.equal(running(), 'abc')
  for (const { end } of looks) end(somebody)
  t.strictSame(await Promise.all(rest.slice(0, 3)), [somebody, somebody, somebody])
})

test('who has failed too often meanwhile is not looked at; others with the same credential are', async (t) => {
  const lookups = new Lookups({ ...bounds, atOnceMax: 1 }, () => 0)
  const blocker = held()
  let isOver = false
  void lookups.look('blocker', never, blocker.run)
  await turn()
  let runs = 0
  const run = async () => (runs++, somebody)
  const bad = lookups.look('a', () => isOver, run)
  const good = lookups.look('a', never, run)
  isOver = true
  blocker.end(somebody)
  t.match(await bad, { code: 'too-many-failures' })
  t.equal(await good, somebody)
  t.equal(runs, 1)
  t.match(await lookups.look('b', () => true, run), { code: 'too-many-failures' })
  t.equal(runs, 1)
})

test('what fails is counted before the next is looked at', async (t) => {
  const lookups = new Lookups({ ...bounds, atOnceMax: 1, waitingMax: 100 }, () => 0)
  let failed = 0
  const asked = Array.from({ length: 50 }, (_, at) => lookups.look(`${at}`, () => failed >= 10, async () => nobody('bad-signature', '')).then((looked) => {
    if ('code' in looked && looked.code === 'bad-signature') failed++
    return looked
  }))
  const codes = (await Promise.all(asked)).map((looked) => ('code' in looked ? looked.code : ''))
  t.equal(codes.filter((code) => code === 'bad-signature').length, 10)
  t.equal(codes.filter((code) => code === 'too-many-failures').length, 40)
})

test('nobody waits for ever', async (t) => {
  let now = 0
  const lookups = new Lookups({ ...bounds, atOnceMax: 1 }, () => now)
  const blocker = held()
  void lookups.look('blocker', never, blocker.run)
  await turn()
  const late = lookups.look('a', never, async () => somebody)
  now += 1001
  blocker.end(somebody)
  t.match(await late, { code: 'busy' })
})

test('a look that throws refuses', async (t) => {
  const lookups = new Lookups(bounds, () => 0)
  t.match(await lookups.look('a', never, () => Promise.reject(new Error('broken'))), { code: 'failed', reason: /broken/ })
  t.equal(await lookups.look('a', never, async () => somebody), somebody, 'and the next begins anew')
})
