import { test } from 'tap'
import { noGrants } from '../../../../src/auth/grants.js'
import { VerifiedTokens } from '../../../../src/auth/jwt/verified-tokens.js'
import { nobody, type Looked } from '../../../../src/auth/principal.js'
import { TestWorld } from '../../../support/auth/world.js'

const never = () => false

function principal(name: string, expiresAt: number | null): Looked {
  return { way: 'jwt', name, subject: null, grants: noGrants, expiresAt }
}

test('a token is verified once, until it ends or its key is gone', async (t) => {
  const world = new TestWorld(t)
  const asked: string[] = []
  const tokens = new VerifiedTokens(async (token) => {
    asked.push(token)
    return principal(token.slice(0, 2), token.endsWith('short') ? world.wall + 1000 : null)
  }, world)
  const look = async (...each: string[]) => {
    asked.length = 0
    for (const token of each) await tokens.look(token, never)
    return asked.join()
  }
  t.equal(await look('k1-short', 'k1-long', 'k2-long'), 'k1-short,k1-long,k2-long')
  t.equal(await look('k1-short', 'k1-long', 'k2-long'), '')
  world.pass(999)
  t.equal(await look('k1-short'), '')
  world.pass(1)
  t.equal(await look('k1-short', 'k1-long'), 'k1-short')
  tokens.forget(new Set(['k1']))
  t.equal(await look('k1-long', 'k2-long'), 'k1-long')
})

test('a refusal is not remembered', async (t) => {
  let looked: Looked = nobody('not-yet-valid', '')
  const tokens = new VerifiedTokens(async () => looked, new TestWorld(t))
  t.match(await tokens.look('a', never), { code: 'not-yet-valid' })
  looked = principal('k', null)
  t.match(await tokens.look('a', never), { name: 'k' })
})

/** Verifications that go on until the test says so. */
function held(look: () => Looked) {
  const scene = { looks: 0, begun: () => {}, release: () => {} }
  const released = new Promise<void>((resolve) => void (scene.release = resolve))
  const begins = new Promise<void>((resolve) => void (scene.begun = resolve))
  async function verify(): Promise<Looked> {
    const looked = look()
    scene.looks++
    scene.begun()
    await released
    return looked
  }
  return { scene, begins, verify }
}

test('a token whose key goes while it is verified is not remembered: it is verified again, without that key', async (t) => {
  let hasKey = true
  const { scene, begins, verify } = held(() => (hasKey ? principal('k1', null) : nobody('unknown-key', '')))
  const tokens = new VerifiedTokens(verify, new TestWorld(t))
  const first = tokens.look('a', never)
  await begins
  hasKey = false
  tokens.forget(new Set(['k1']))
  scene.release()
  t.match(await first, { code: 'unknown-key' })
  t.match(await tokens.look('a', never), { code: 'unknown-key' })
  t.equal(scene.looks, 3)
})

test('a key that goes while the token of another is verified does not matter to that one', async (t) => {
  const { scene, begins, verify } = held(() => principal('k2', null))
  const tokens = new VerifiedTokens(verify, new TestWorld(t))
  const first = tokens.look('a', never)
  await begins
  tokens.forget(new Set(['k1']))
  scene.release()
  t.match(await first, { name: 'k2' })
  t.match(await tokens.look('a', never), { name: 'k2' })
})
