import { test } from 'tap'
import type { HttpRequest } from '../../../../src/http/contract.js'
import { Refusal } from '../../../../src/pusher/http/answer.js'
import { parseQuery } from '../../../../src/pusher/http/query.js'
import { sign } from '../../../../src/pusher/auth.js'
import { checkRequest, isSignature } from '../../../../src/pusher/http/signature.js'
import { appConfig, credentials } from '../../../support/pusher/http/fake-app.js'
import { md5, nowSeconds, requestOf, type Sent } from '../../../support/pusher/http/signed-request.js'

const app = appConfig()

/** The published vector: signed text and signature. */
const vectorBody = '{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}'
const vectorMd5 = 'ec365a775a4cd0599faeb73354201b6f'
const vectorText =
  `POST\n/apps/3/events\nauth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0&body_md5=${vectorMd5}`
const vectorSignature = 'da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c'

function refusalOf(request: HttpRequest, known = true, now = nowSeconds, prefix = ''): string {
  try {
    checkRequest(request, parseQuery(request.query), known ? app : null, { nowSeconds: now, prefix, digest: md5 })
    return 'accepted'
  } catch (error) {
    if (error instanceof Refusal) return `${error.status} ${error.message}`
    throw error
  }
}

function outcome(sent: Sent, known = true, now = nowSeconds): string {
  return refusalOf(requestOf(sent, {}), known, now)
}

test('the published vector', async (t) => {
  t.equal(sign(app, vectorText), vectorSignature)
  t.ok(isSignature(app, vectorText, vectorSignature))
  const parameters = vectorText.split('\n')[2] as string
  const request = { method: 'POST', path: '/apps/3/events', headers: {}, parameters: {}, body: Buffer.from(vectorBody) }
  const signed = `${parameters}&auth_signature=${vectorSignature}`
  t.equal(refusalOf({ ...request, query: signed }), 'accepted')
  t.match(refusalOf({ ...request, query: signed.replace('e6c', 'e6d') }), /^401 auth_signature must be .* got: "da454824/)
})

test('vectors of channels and users sign alike', async (t) => {
  t.equal(sign(app, '1234.1234:private-foobar'), '58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4')
  t.equal(sign(app, '1234.1234::user::{"id":"12345"}'), '4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba')
  t.equal(sign(app, Buffer.from('1234.1234:private-foobar')), sign(app, '1234.1234:private-foobar'), 'bytes as text')
})

test('order, case and escapes of the parameters do not matter', async (t) => {
  const reversed = (query: string) => query.split('&').reverse().join('&')
  const escaped = (query: string) => query.replace('auth_version=1.0', 'auth_version=1%2e0').replace('auth_key', 'auth%5Fkey')
  t.equal(outcome({ body: '{}' }), 'accepted')
  t.equal(outcome({ body: '{}', tamper: reversed }), 'accepted')
  t.equal(outcome({ body: '{}', tamper: escaped }), 'accepted')
  t.equal(outcome({ body: '{}', tamper: (query) => query.replace('auth_key', 'AUTH_Key') }), 'accepted')
  t.equal(outcome({ body: '{}', tamper: (query) => query.replace('auth_key=', 'auth_key=0') }).slice(0, 18), '401 auth_signature')
  const query = { info: 'user_count,subscription_count', Filter_By_Prefix: 'presence-é=' }
  t.equal(outcome({ method: 'GET', query }), 'accepted')
})

test('a path may have been signed before it was escaped', async (t) => {
  const path = '/apps/3/users/J%C3%BCrgen%20B/terminate_connections'
  t.equal(outcome({ path, body: '{}' }), 'accepted')
  t.equal(outcome({ path, body: '{}', signed: { path: '/apps/3/users/Jürgen B/terminate_connections' } }), 'accepted')
  t.match(outcome({ path, body: '{}', signed: { path: '/apps/3/users/Jurgen B/terminate_connections' } }), /^401 auth_signature/)
  const twoLines = { path: '/apps/3/users/a%0Ab', signed: { path: '/apps/3/users/a\nb' } }
  t.match(outcome(twoLines), /^401 auth_signature/)
  t.match(outcome({ path: '/apps/3/users/%zz', signed: { path: '/x' } }), /^401 auth_signature/)
})

test('time, 600 s either way', async (t) => {
  for (const [offset, accepted] of [[600, true], [-600, true], [601, false], [-601, false], [0, true]] as const) {
    const said = outcome({ body: '{}', query: { auth_timestamp: String(nowSeconds + offset) } })
    const late = /^401 auth_timestamp must be within 600 s of the server's 1353088179, got: "\d+"$/
    t.match(said, accepted ? /^accepted$/ : late, String(offset))
  }
  t.match(outcome({ body: '{}' }, true, nowSeconds + 3600), /^401 auth_timestamp/, 'a request that is kept for later')
})

test('an empty body needs no digest, but a given one must be right', async (t) => {
  t.equal(outcome({}), 'accepted')
  t.equal(outcome({ query: { body_md5: md5('') } }), 'accepted')
  t.match(outcome({ query: { body_md5: md5('x') } }), /^401 body_md5 must be d41d8cd98f00b204e9800998ecf8427e for this body, got: /)
})

test('an app that does not exist is refused in the same words', async (t) => {
  t.equal(outcome({ body: '{}' }, false), outcome({ body: '{}', secret: 'another secret' }).replace(/"\w{64}"$/, () => {
    return `"${/auth_signature=(\w+)/.exec(requestOf({ body: '{}' }, {}).query)?.[1] ?? ''}"`
  }))
  t.match(outcome({ body: '{}' }, false), /^401 auth_signature/)
})

test('signatures', async (t) => {
  t.ok(isSignature(app, 'text', sign(app, 'text').toUpperCase()), 'capitals')
  t.notOk(isSignature(null, 'text', sign(app, 'text')))
  const right = sign(app, 'text')
  for (const wrong of ['', 'ab', right.slice(1), `${right}00`, 'g'.repeat(64), `${right.slice(1)}é`, 'ａ'.repeat(64)]) {
    t.notOk(isSignature(app, 'text', wrong), `"${wrong}"`)
  }
  t.notOk(isSignature({ ...credentials, secret: 'another secret' }, 'text', sign(app, 'text')))
})

test('an app whose secret was changed signs with the new one', async (t) => {
  const before = sign(appConfig(), 'text')
  t.not(sign(appConfig({ secret: 'a-new-secret' }), 'text'), before)
  t.equal(sign(appConfig(), 'text'), before)
})

/** Welch's t of two samples, each without its slowest tenth: interruptions are not what is looked for. */
function welch(a: number[], b: number[]): number {
  const [first, second] = [a, b].map((sample) => {
    const kept = sample.sort((x, y) => x - y).slice(0, Math.floor(sample.length * 0.9))
    const mean = kept.reduce((sum, each) => sum + each, 0) / kept.length
    return { mean, error: kept.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (kept.length - 1) / kept.length }
  }) as [{ mean: number, error: number }, { mean: number, error: number }]
  return Math.abs(first.mean - second.mean) / Math.sqrt(first.error + second.error)
}

/** Nanoseconds of a forged signature's check: one wrong at its first byte and one wrong at its last, in turns by chance. */
function timings(samples: number): [number[], number[]] {
  const right = sign(app, vectorText)
  const flip = (at: number) => `${right.slice(0, at)}${right[at] === '0' ? '1' : '0'}${right.slice(at + 1)}`
  const forged = [flip(0), flip(63)] as const
  const times: [number[], number[]] = [[], []]
  for (let at = 0; at < samples; at++) {
    const which = Math.random() < 0.5 ? 0 : 1
    const start = process.hrtime.bigint()
    isSignature(app, vectorText, forged[which])
    times[which].push(Number(process.hrtime.bigint() - start))
  }
  return times
}

test('time does not tell how much of a signature is right', async (t) => {
  timings(20_000) // until it is compiled
  // A difference that is there is there each time; one that the machine makes is not.
  const scores: number[] = []
  while (scores.length < 5 && !scores.some((score) => score < 4.5)) scores.push(welch(...timings(100_000)))
  t.ok(scores.some((score) => score < 4.5), `t = ${scores.map((score) => score.toFixed(1)).join(', ')}`)
})

test('an app that does not exist costs as much as one that does', async (t) => {
  const medians = [app, null].map((signer) => {
    const times = Array.from({ length: 20_000 }, () => {
      const start = process.hrtime.bigint()
      isSignature(signer, vectorText, vectorSignature)
      return Number(process.hrtime.bigint() - start)
    })
    return times.sort((a, b) => a - b)[10_000] as number
  }) as [number, number]
  t.ok(medians[1] > medians[0] * 0.5, `${medians.join(' and ')} ns`) // without the hashes it would be a tenth
})

test('a path may be signed with its prefix, without it, and with its slashes as they are meant', async (t) => {
  const outcomeOf = (path: string, signed: string, prefix: string) => refusalOf(requestOf({ path, signed: { path: signed } }, {}), true, nowSeconds, prefix)
  const accepted: readonly (readonly [path: string, signed: string, prefix: string])[] = [
    ['/ws/apps/3/events', '/ws/apps/3/events', '/ws'], ['/ws/apps/3/events', '/apps/3/events', '/ws'], ['/apps/3/events', '/apps/3/events', '/ws'],
    ['//apps/3/events', '/apps/3/events', ''], ['//apps/3/events', '//apps/3/events', ''], ['/ws//apps/3/events/', '/apps/3/events', '/ws'],
    ['/ws/apps/3/users/a%20b/terminate_connections', '/apps/3/users/a b/terminate_connections', '/ws'],
  ]
  for (const [path, signed, prefix] of accepted) t.equal(outcomeOf(path, signed, prefix), 'accepted', `${path} signed as ${signed}`)
  const refused: readonly (readonly [path: string, signed: string, prefix: string])[] = [
    ['/apps/3/events', '/ws/apps/3/events', '/ws'], ['/ws/apps/3/events', '/apps/3/events', ''], ['/ws/apps/3/events', '/apps/4/events', '/ws'],
    ['/other/apps/3/events', '/apps/3/events', '/ws'],
  ]
  for (const [path, signed, prefix] of refused) t.match(outcomeOf(path, signed, prefix), /^401 auth_signature/, `${path} signed as ${signed}`)
})
