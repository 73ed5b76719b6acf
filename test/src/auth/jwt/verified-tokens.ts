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
