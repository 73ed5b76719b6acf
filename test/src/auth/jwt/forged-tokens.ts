import { test } from 'tap'
import { Authorizer } from '../../../../src/auth/authorizer.js'
import { refusals } from '../../../../src/auth/refusals.js'
import { forgedTokens, topic } from '../../../support/auth/forged-tokens.js'
import { question, settings } from '../../../support/auth/questions.js'
import { TestWorld } from '../../../support/auth/world.js'

test('what is forged is refused, what is right beside it is not', async (t) => {
  const world = new TestWorld(t)
  const { settings: jwt, rows } = await forgedTokens(world.wall)
  const authorizer = new Authorizer(settings({ jwt: { ...jwt, jwksName: null } }), world)
  t.ok(rows.length >= 300, `${rows.length} forged tokens`)
  for (const [at, { name, token, code, topic: asked, twin }] of rows.entries()) {
    const peer = `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}` // each from an address that has not failed yet
    const verdict = await authorizer.decide(question(token, { peer, topics: [asked] }))
    t.match(verdict, { allow: false, code, status: refusals[code].status, told: refusals[code].told }, name)
    const shown = JSON.stringify(verdict)
    const parts = token.split('.').filter((part) => part.length > 8)
    t.notOk(parts.some((part) => shown.includes(part)), `${name}: no part of it is shown`)
    t.match(await authorizer.decide(question(twin, { peer, topics: [topic] })), { allow: true }, `${name}: its twin`)
  }
  t.strictSame(world.warnings, [])
})
