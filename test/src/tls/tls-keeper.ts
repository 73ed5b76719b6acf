import { copyFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { parseOptions } from '../../../src/config/parse.js'
import { loadTls } from '../../../src/tls/load-tls.js'
import type { TlsOptions } from '../../../src/native/tls.js'
import { TlsKeeper } from '../../../src/tls/tls-keeper.js'
import { eventually } from '../../integration/support/eventually.js'
import { TestIssuer } from '../../support/tls/certificates.js'

const dayMs = 86_400_000

/** A keeper of one pair, `cert.pem` and `cert.key`, beside others to put in its place. */
function scene(t: Test, days = 90) {
  const folder = t.testdir({})
  const issuer = new TestIssuer(folder)
  const at = (name: string) => join(folder, name)
  issuer.issueLocal('cert', days)
  const { tls } = parseOptions({ tls: { certFile: at('cert.pem'), keyFile: at('cert.key') } })
  if (tls === null) throw new Error('there must be a section')
  const taken: TlsOptions[] = []
  const told: string[] = []
  const tell = (name: string, message: string) => told.push(`${name}: ${message.replaceAll(`${folder}/`, '')}`)
  const world = { ahead: 0, refusal: null as Error | null }
  const keeper = new TlsKeeper([{ path: 'tls', config: tls, loaded: loadTls('tls', tls) }], {
    setTls: (index, options) => {
      t.equal(index, 0)
      if (world.refusal !== null) throw world.refusal
      taken.push(options)
    },
    warn: tell, note: tell, now: () => Date.now() + world.ahead, times: { pollMs: 3_600_000, settleMs: 50, settleMaxMs: 1000 },
  })
  t.teardown(() => keeper.close())
  /** Puts another pair in its place, or one file of it. */
  const replace = (name: string, kinds = ['pem', 'key']) => {
    for (const kind of kinds) {
      copyFileSync(at(`${name}.${kind}`), at(`${name}.${kind}.new`))
      renameSync(at(`${name}.${kind}.new`), at(`cert.${kind}`))
    }
  }
  return { issuer, at, keeper, taken, told, world, replace }
}

test('a pair that changes is taken, half of one is not', async (t) => {
  const { issuer, keeper, taken, told, replace } = scene(t)
  issuer.issueLocal('next', 60)
  replace('next')
  await eventually('the next pair', () => taken.length === 1)
  t.match(taken[0]?.certificates[0]?.chain, /BEGIN CERTIFICATE/)
  t.match(told, [/^tls-reloaded: tls: the certificates were read again; the first of them ends at \S+Z$/])
  t.strictSame([keeper.reloads, keeper.failures], [1, 0])
  issuer.issueLocal('third')
  replace('third', ['pem'])
  await eventually('the refusal', () => told.length === 2)
  t.equal(told[1], 'tls-reload-failed: tls: the certificates stay as they were: tls.keyFile must be the key of cert.pem, got: cert.key (of another certificate)')
  t.strictSame([taken.length, keeper.reloads, keeper.failures], [1, 1, 1])
  replace('third', ['key'])
  await eventually('the third pair', () => taken.length === 2)
})

test('when it is asked to it reads them though nothing has changed; what the engine refuses stays out', async (t) => {
  const { keeper, taken, told, world } = scene(t)
  keeper.reload(null)
  t.equal(taken.length, 1)
  const lines = told.length
  world.refusal = new Error('the engine does not want it')
  t.throws(() => keeper.reload(null), { message: 'the engine does not want it' })
  t.equal(told.length, lines)
  t.strictSame([keeper.reloads, keeper.failures], [1, 1])
})

test('one that has ended does not come in place of one that has not', async (t) => {
  const { issuer, keeper, taken, told, world, replace } = scene(t, 90)
  issuer.issueLocal('old', 5)
  replace('old')
  world.ahead += 6 * dayMs
  t.throws(() => keeper.reload(null), { message: /cert\.pem was valid until \S+Z, the one in use is valid for longer$/ })
  t.strictSame([taken.length, told.length, keeper.failures], [0, 0, 1])
})

test('its end is told once a day from 14 days before, and as seconds', async (t) => {
  const { issuer, keeper, told, world, replace } = scene(t, 20)
  const lines = (ms: number) => {
    world.ahead += ms
    told.length = 0
    keeper.checkExpiry()
    return told.map((line) => line.replace(/\S+Z$/, 'DATE'))
  }
  t.ok(Math.abs(keeper.expirySeconds - 20 * 86_400) < 60, String(keeper.expirySeconds))
  t.strictSame(lines(0), [])
  t.strictSame(lines(5 * dayMs), [])
  const ends = (days: number) => [`tls-certificate-ends: the certificate in cert.pem (or one behind it) ends in ${days} days, at DATE`]
  t.strictSame(lines(1.5 * dayMs), ends(13))
  t.strictSame(lines(dayMs / 2), [])
  t.strictSame(lines(dayMs / 2), ends(12))
  t.strictSame(lines(13 * dayMs), ['tls-certificate-ends: the certificate in cert.pem (or one behind it) ended at DATE'])
  t.ok(keeper.expirySeconds < 0)
  issuer.issueLocal('fresh', 90)
  world.ahead = 0
  replace('fresh')
  keeper.reload(null)
  t.strictSame(lines(0), [])
  t.ok(keeper.expirySeconds > 80 * 86_400)
})
