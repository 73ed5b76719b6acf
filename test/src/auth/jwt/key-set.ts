import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import type { JWK } from 'jose'
import { ageMsMax, firstRefreshMsMin, Jwks, jwksFile, jwksUrl, refreshMsMin } from '../../../../src/auth/jwt/key-set.js'
import { JwtVerifier } from '../../../../src/auth/jwt/verifier.js'
import { isPrincipal } from '../../../../src/auth/principal.js'
import { keyPair, type Pair } from '../../../support/auth/keys.js'
import { json, TestServer } from '../../../support/auth/server.js'
import { token } from '../../../support/auth/sign.js'
import { TestWorld } from '../../../support/auth/world.js'

type Named = readonly [string | undefined, Pair]

function document(...keys: Named[]): { keys: JWK[] } {
  return { keys: keys.map(([kid, { publicKey }]) => ({ ...publicKey.export({ format: 'jwk' }) as JWK, ...kid === undefined ? {} : { kid } })) }
}

interface Scene {
  readonly world: TestWorld
  readonly server: TestServer
  readonly jwks: Jwks
  /** What becomes of a token that is signed by the pair and names the kid. */
  readonly outcome: (pair: Pair, kid?: string) => Promise<string>
}

async function scene(t: Test): Promise<Scene> {
  const world = new TestWorld(t)
  const server = await TestServer.start(t)
  const jwks = new Jwks(jwksUrl(server.url('/jwks.json'), world), 'https://issuer.example/jwks.json', world)
  const verifier = new JwtVerifier({ keys: [], jwks, issuers: null, audiences: null, clockToleranceMs: 0, requireExpiry: false }, world)
  const outcome = async (pair: Pair, kid?: string) => {
    const looked = await verifier.verify(token('ES256', pair.privateKey, { alg: 'ES256', kid }, { sub: 'u1' }))
    return isPrincipal(looked) ? 'accepted' : looked.code
  }
  return { world, server, jwks, outcome }
}

const [first, second, third] = [keyPair('ES256'), keyPair('ES256'), keyPair('ES256')]

test('rotation: an unknown key is looked for, at most once a minute', async (t) => {
  const { world, server, outcome } = await scene(t)
  server.respond = json(document(['k1', first]))
  t.equal(await outcome(first, 'k1'), 'accepted', 'the first token reads it')
  t.match(server.requests, [{ method: 'GET', path: '/jwks.json' }])
  t.equal(await outcome(second, 'k2'), 'unknown-key', 'not again at once')
  server.respond = json(document(['k1', first], ['k2', second]))
  world.pass(refreshMsMin - 1)
  t.equal(await outcome(second, 'k2'), 'unknown-key')
  t.equal(server.requests.length, 1)
  world.pass(1)
  t.equal(await outcome(second, 'k2'), 'accepted')
  t.equal(await outcome(first, 'k1'), 'accepted', 'both, while it is handed over')
  t.equal(server.requests.length, 2)
  for (let at = 0; at < 100; at++) t.equal(await outcome(third, `random-${at}`), 'unknown-key')
  t.equal(server.requests.length, 2)
  world.pass(refreshMsMin)
  await Promise.all(Array.from({ length: 100 }, (_, at) => outcome(third, `random-${at}`)))
  t.equal(server.requests.length, 3, 'all at the same time are one')
  t.equal(await outcome(third, 'k1'), 'bad-signature')
})

test('the old key is gone', async (t) => {
  const { world, server, jwks, outcome } = await scene(t)
  server.respond = json(document(['k1', first], ['k2', second]))
  await outcome(first, 'k1')
  const ids = ['k1', 'k2'].map((kid) => jwks.find('ES256', kid)[0]?.id ?? '')
  const gone: string[] = []
  jwks.onGone = (each) => gone.push(...each)
  server.respond = json(document(['k2', second]))
  world.pass(ageMsMax - 1)
  t.equal(await outcome(first, 'k1'), 'accepted')
  world.pass(1)
  t.equal(await outcome(first, 'k1'), 'accepted', 'it is read in the background')
  await jwks.refresh()
  t.equal(await outcome(first, 'k1'), 'unknown-key')
  t.equal(await outcome(second, 'k2'), 'accepted')
  t.strictSame(gone, [ids[0]])
  t.strictSame(ids.map((id) => jwks.has(id)), [false, true])
})

test('down at first: nobody gets in, it is tried again soon', async (t) => {
  const { world, server, jwks, outcome } = await scene(t)
  server.respond = json({}, 503)
  t.equal(await outcome(first, 'k1'), 'keys-unavailable')
  t.equal(await outcome(first), 'keys-unavailable')
  t.match(world.warnings, [/^the key set https:\/\/issuer.example\/jwks.json cannot be read \(status 503\): tokens signed by its keys are refused until it can be$/])
  t.notOk(jwks.isRead)
  server.respond = json(document(['k1', first]))
  world.pass(firstRefreshMsMin - 1)
  t.equal(await outcome(first, 'k1'), 'keys-unavailable')
  world.pass(1)
  t.equal(await outcome(first, 'k1'), 'accepted')
})

test('down, or wrong, later: the keys read before are kept', async (t) => {
  const { world, server, outcome } = await scene(t)
  server.respond = json(document(['k1', first]))
  await outcome(first, 'k1')
  const answers: [TestServer['respond'], RegExp][] = [
    [json({}, 500), /status 500/], [json({}), /no set of at most 100 keys/], [json({ keys: [] }), /none of its keys/], [json({ keys: 'k1' }), /no set/],
    [json({ keys: [{ kty: 'oct', k: 'AAAA' }] }), /none of its keys/], [(response) => response.end('<html>'), /no JSON/], [(response) => response.destroy(), /socket hang up/],
    [json({ keys: Array.from({ length: 101 }, () => document([undefined, first]).keys[0]) }), /no set/], [(response) => response.end('x'.repeat(300_000)), /at most 262144 bytes/],
    [(response) => response.writeHead(302, { location: 'http://evil.example/' }).end(), /status 302/],
  ]
  for (const [respond, message] of answers) {
    world.pass(refreshMsMin)
    server.respond = respond
    t.equal(await outcome(second, 'k2'), 'unknown-key')
    t.match(world.warnings.at(-1), message)
    t.match(world.warnings.at(-1), /: the keys read before are kept$/)
    t.equal(await outcome(first, 'k1'), 'accepted')
  }
  server.stop()
  world.pass(ageMsMax)
  t.equal(await outcome(second, 'k2'), 'unknown-key')
  t.equal(await outcome(first, 'k1'), 'accepted')
})

test('tokens that name no key', async (t) => {
  const { server, outcome } = await scene(t)
  server.respond = json(document([undefined, first], ['k2', second]))
  t.equal(await outcome(first), 'accepted')
  t.equal(await outcome(second), 'accepted')
  t.equal(await outcome(third), 'bad-signature')
  t.equal(await outcome(first, 'k2'), 'bad-signature')
  t.equal(await outcome(first, 'k1'), 'unknown-key', 'a key without a name is not the one that is named')
})

test('a key of another kind does not spoil the others', async (t) => {
  const { server, outcome } = await scene(t)
  server.respond = json({ keys: [{ kty: 'future', kid: 'x' }, { kty: 'RSA', n: '!' }, ...document(['k1', first]).keys], extra: 1 })
  t.equal(await outcome(first, 'k1'), 'accepted')
})

test('a file', async (t) => {
  const world = new TestWorld(t)
  const file = join(t.testdir({}), 'jwks.json')
  const jwks = new Jwks(jwksFile(file), file, world)
  t.notOk(await jwks.refresh())
  t.match(world.warnings, [/ENOENT/])
  writeFileSync(file, JSON.stringify(document(['k1', first])))
  world.pass(firstRefreshMsMin)
  t.ok(await jwks.refresh())
  t.equal(jwks.find('ES256', 'k1').length, 1)
  t.equal(jwks.find('RS256', 'k1').length, 0)
})
