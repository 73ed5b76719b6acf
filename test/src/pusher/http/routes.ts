import { test } from 'tap'
import { pusherRoutes } from '../../../../src/pusher/http/routes.js'
import { FakeApp, appsOf, credentials } from '../../../support/pusher/http/fake-app.js'
import { ask, md5, nowSeconds, type Sent } from '../../../support/pusher/http/signed-request.js'

const body = '{"name":"n","data":"d","channel":"c"}'
const anyHex = 'ab'.repeat(32)

function add(parameter: string) {
  return (query: string) => `${query}&${parameter}`
}

function replace(from: string | RegExp, to: string) {
  return (query: string) => query.replace(from, to)
}

/** [what is wrong, the request, the status]. All of them are malformed or forged in what guards the API. */
const refused: [string, Sent, number][] = [
  ['no query', { tamper: () => '' }, 401],
  ['no auth_key', { query: { auth_key: undefined } }, 401],
  ['no auth_timestamp', { query: { auth_timestamp: undefined } }, 401],
  ['no auth_version', { query: { auth_version: undefined } }, 401],
  ['no auth_signature', { query: { auth_signature: undefined } }, 401],
  ['no body_md5', { query: { body_md5: undefined } }, 401],
  ['only a signature', { tamper: () => `auth_signature=${anyHex}` }, 401],
  ['empty key', { query: { auth_key: '' } }, 401],
  ['another key', { query: { auth_key: 'nobody' } }, 401],
  ['the key in capitals', { query: { auth_key: credentials.key.toUpperCase() } }, 401],
  ['the key and a space', { query: { auth_key: `${credentials.key} ` } }, 401],
  ['the key and a zero byte', { query: { auth_key: `${credentials.key}\u0000` } }, 401],
  ['__proto__ as the key', { query: { auth_key: '__proto__' } }, 401],
  ['version 1.1', { query: { auth_version: '1.1' } }, 401],
  ['version 1', { query: { auth_version: '1' } }, 401],
  ['version 2.0', { query: { auth_version: '2.0' } }, 401],
  ['empty version', { query: { auth_version: '' } }, 401],
  ['expired', { query: { auth_timestamp: String(nowSeconds - 601) } }, 401],
  ['from the future', { query: { auth_timestamp: String(nowSeconds + 601) } }, 401],
  ['milliseconds', { query: { auth_timestamp: `${nowSeconds}000` } }, 401],
  ['time with a sign', { query: { auth_timestamp: `+${nowSeconds}` } }, 401],
  ['time with an exponent', { query: { auth_timestamp: '1353088179e0' } }, 401],
  ['time in hexadecimal', { query: { auth_timestamp: '0x50a67fb3' } }, 401],
  ['time with a space', { query: { auth_timestamp: ` ${nowSeconds}` } }, 401],
  ['time with a point', { query: { auth_timestamp: `${nowSeconds}.0` } }, 401],
  ['time in other digits', { query: { auth_timestamp: '１３５３０８８１７９' } }, 401],
  ['NaN', { query: { auth_timestamp: 'NaN' } }, 401],
  ['Infinity', { query: { auth_timestamp: 'Infinity' } }, 401],
  ['empty time', { query: { auth_timestamp: '' } }, 401],
  ['zero', { query: { auth_timestamp: '0' } }, 401],
  ['a time of 400 digits', { query: { auth_timestamp: '1'.repeat(400) } }, 401],
  ['another secret', { secret: 'another secret' }, 401],
  ['an empty secret', { secret: '' }, 401],
  ['the key as the secret', { secret: credentials.key }, 401],
  ['signature of zeros', { query: { auth_signature: '0'.repeat(64) } }, 401],
  ['empty signature', { query: { auth_signature: '' } }, 401],
  ['signature too short', { query: { auth_signature: anyHex.slice(2) } }, 401],
  ['signature too long', { query: { auth_signature: `${anyHex}ab` } }, 401],
  ['no hexadecimal', { query: { auth_signature: 'zz'.repeat(32) } }, 401],
  ['wide letters', { query: { auth_signature: 'ａ'.repeat(64) } }, 401],
  ['a megabyte of signature', { query: { auth_signature: 'a'.repeat(2 ** 20) } }, 401],
  ['first digits changed', { tamper: replace(/auth_signature=..../, 'auth_signature=0123') }, 401],
  ['last digit cut', { tamper: (query) => query.slice(0, -1) }, 401],
  ['one digit more', { tamper: (query) => `${query}0` }, 401],
  ['signed for GET', { signed: { method: 'GET' } }, 401],
  ['signed for post', { signed: { method: 'post' } }, 401],
  ['signed for another app', { signed: { path: '/apps/4/events' } }, 401],
  ['signed for another resource', { signed: { path: '/apps/3/batch_events' } }, 401],
  ['signed for the path and a slash', { signed: { path: '/apps/3/events/' } }, 401],
  ['signed for the path in capitals', { signed: { path: '/APPS/3/events' } }, 401],
  ['signed with the query in the path', { signed: { path: '/apps/3/events?' } }, 401],
  ['signed for an escape of the path', { signed: { path: '/apps/%33/events' } }, 401],
  ['another app with our key', { path: '/apps/4/events' }, 401],
  ['an app that does not exist', { path: '/apps/nobody/events' }, 401],
  ['__proto__ as the app', { path: '/apps/__proto__/events' }, 401],
  ['another body', { swappedBody: '{"name":"n","data":"d","channel":"x"}' }, 401],
  ['a body with a byte more', { swappedBody: `${body} ` }, 401],
  ['no body any more', { swappedBody: '' }, 401],
  ['a body where none was signed', { body: '', swappedBody: body }, 401],
  ['digest of another body', { query: { body_md5: md5('another') } }, 401],
  ['digest in capitals', { query: { body_md5: md5(body).toUpperCase() } }, 401],
  ['empty digest', { query: { body_md5: '' } }, 401],
  ['digest of nothing', { query: { body_md5: md5('') } }, 401],
  ['digest cut', { query: { body_md5: md5(body).slice(1) } }, 401],
  ['a parameter added', { tamper: add('info=user_count') }, 401],
  ['an empty parameter added', { tamper: add('x') }, 401],
  ['a parameter taken away', { query: { info: 'user_count' }, tamper: replace('info=user_count&', '') }, 401],
  ['a parameter changed', { query: { info: 'user_count' }, tamper: replace('user_count', 'cache') }, 401],
  ['the time changed', { tamper: replace(String(nowSeconds), String(nowSeconds + 1)) }, 401],
  ['two parameters merged', { query: { a: '1', b: '2' }, tamper: replace('a=1&b=2', 'a=1%26b=2') }, 400],
  ['an equals sign moved', { query: { ab: 'c=d' }, tamper: replace('ab=c%3Dd', 'ab%3Dc=d') }, 400],
  ['the key twice', { tamper: add(`auth_key=${credentials.key}`) }, 400],
  ['another key behind ours', { tamper: add('auth_key=nobody') }, 400],
  ['the key twice, in capitals', { tamper: add(`AUTH_KEY=${credentials.key}`) }, 400],
  ['the key twice, escaped', { tamper: add(`auth%5fkey=${credentials.key}`) }, 400],
  ['two signatures', { tamper: add(`auth_signature=${anyHex}`) }, 400],
  ['two times', { tamper: add(`auth_timestamp=${nowSeconds}`) }, 400],
  ['two digests', { tamper: add(`body_md5=${md5(body)}`) }, 400],
  ['two versions', { tamper: add('auth_version=1.0') }, 400],
  ['a foreign parameter twice', { query: { x: '1' }, tamper: add('x=1') }, 400],
  ['an unfinished escape', { tamper: add('x=%') }, 400],
  ['an escape that is none', { tamper: add('x=%u0041') }, 400],
  ['an escape that is no UTF-8', { tamper: add('x=%80') }, 400],
  ['a name that is no UTF-8', { tamper: add('%fe=1') }, 400],
  ['a parameter without a name', { tamper: add('=1') }, 400],
  ['two ampersands', { tamper: add('&x=1') }, 400],
  ['a hundred parameters', { tamper: add(Array.from({ length: 100 }, (_, at) => `p${at}=1`).join('&')) }, 400],
]

test('forged and malformed: refused before anything is done', async (t) => {
  t.ok(refused.length >= 85)
  for (const [what, sent, status] of refused) {
    const app = new FakeApp()
    const answer = await ask({ body, ...sent }, app, new FakeApp({ id: '4', key: 'key-of-4', secret: 'secret-of-4' }))
    t.equal(answer.status, status, `${what}: ${String(answer.body).trim()}`)
    t.match(answer.body, /^.+ got: .+\n$/, 'one line that ends with what was got')
    t.match(answer.headers, { 'content-type': 'text/plain; charset=utf-8' })
    t.strictSame([app.published, app.taken], [[], []], what)
  }
})

test('apps do not answer for each other', async (t) => {
  const three = new FakeApp()
  const four = new FakeApp({ id: '4', key: 'key-of-4', secret: 'secret-of-4' })
  const sent = { body, query: { auth_key: 'key-of-4' }, secret: 'secret-of-4' }
  t.equal((await ask({ ...sent, path: '/apps/4/events' }, three, four)).status, 200)
  t.equal((await ask({ ...sent, path: '/apps/3/events' }, three, four)).status, 401)
  t.strictSame([three.published.length, four.published.length], [0, 1])
})

test('a disabled app says so, but only to who can sign', async (t) => {
  const app = new FakeApp({ enabled: false })
  const answer = await ask({ body }, app)
  t.strictSame([answer.status, answer.body], [403, 'the app must be enabled, got: "3" disabled\n'])
  t.equal((await ask({ body, secret: 'another secret' }, app)).status, 401)
  t.strictSame(app.published, [])
})

test('the table', async (t) => {
  const bodies = { events: 1000, batch: 2000 }
  const routes = pusherRoutes(appsOf(), { bodies })
  t.strictSame(routes.map(({ method, path, bodyBytesMax, access }) => [method, path, bodyBytesMax, access]), [
    ['POST', '/apps/{app}/events', 1000, 'anyone'],
    ['POST', '/apps/{app}/batch_events', 2000, 'anyone'],
    ['GET', '/apps/{app}/channels', 0, 'anyone'],
    ['GET', '/apps/{app}/channels/{channel}', 0, 'anyone'],
    ['GET', '/apps/{app}/channels/{channel}/users', 0, 'anyone'],
    ['POST', '/apps/{app}/users/{user}/terminate_connections', 1024, 'anyone'],
  ])
  t.equal(pusherRoutes(appsOf())[0]?.bodyBytesMax, 8 * 2 ** 20)
})

test('without a clock of its own it is now', async (t) => {
  const route = pusherRoutes(appsOf(new FakeApp()))[2]
  const answer = await route?.handle({
    method: 'GET', path: '/apps/3/channels', headers: {}, body: Buffer.alloc(0), parameters: { app: '3' },
    query: `auth_key=x&auth_version=1.0&auth_timestamp=${Math.floor(Date.now() / 1000)}&auth_signature=x`,
  })
  t.match(answer?.body, /^auth_signature must be/)
})

test('what is our fault is no refusal', async (t) => {
  const app = new FakeApp()
  app.failure = new Error('ours')
  await t.rejects(ask({ body }, app), { message: 'ours' })
})
