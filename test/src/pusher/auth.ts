import { test } from 'tap'
import { authFor, isAuthorized, signinText, subscriptionText } from '../../../src/pusher/auth.js'

const app = { key: '278d425bdf160c739803', secret: '7ad3773142a6692b25b8' }
const socketId = '1234.1234'
const presenceData = '{"user_id":10,"user_info":{"name":"Mr. Channels"}}'

/** What the protocol's documentation publishes (its presence example corrected: the printed signature is another name's). */
const vectors: readonly (readonly [text: string, signature: string])[] = [
  [subscriptionText(socketId, 'private-foobar', null), '58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4'],
  [subscriptionText(socketId, 'presence-foobar', presenceData), '31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80'],
  [signinText(socketId, '{"id":"12345"}'), '4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba'],
]

test('published vectors', async (t) => {
  for (const [text, signature] of vectors) {
    t.equal(authFor(app, text), `${app.key}:${signature}`)
    t.ok(isAuthorized(app, `${app.key}:${signature}`, text))
  }
})

test('the published presence signature is another name\'s', async (t) => {
  const other = '{"user_id":10,"user_info":{"name":"Mr. Pusher"}}'
  t.match(authFor(app, subscriptionText(socketId, 'presence-foobar', other)), /:afaed369/)
})

test('what is forged', async (t) => {
  const text = subscriptionText(socketId, 'private-foobar', null)
  const valid = authFor(app, text)
  const [, signature] = valid.split(':') as [string, string]
  const forged: readonly unknown[] = [
    undefined, null, 0, true, {}, [], [valid], { toString: () => valid }, '', ':', app.key, `${app.key}:`, signature, `:${signature}`,
    `${app.key}::${signature}`, `other:${signature}`, `${app.key.toUpperCase()}:${signature}x`, `${app.key}:${signature.toUpperCase()}`,
    `${valid} `, ` ${valid}`, `${valid}\n`, `${valid}\0`, valid.slice(0, -1), `${valid}0`, `${valid}:${signature}`,
    `${app.key}:${'0'.repeat(64)}`, `${app.key}:${'g'.repeat(64)}`, `${app.key}:${signature.slice(0, 63)}\u0661`, `${valid.slice(0, -1)}\u00e9`,
    'x'.repeat(valid.length), '\u{1f600}'.repeat(20), 'x'.repeat(60_000),
    authFor({ ...app, secret: 'another' }, text), authFor({ ...app, key: 'another' }, text),
    authFor(app, subscriptionText('1234.1235', 'private-foobar', null)), authFor(app, subscriptionText(socketId, 'private-foobaz', null)),
    authFor(app, signinText(socketId, 'private-foobar')),
  ]
  for (const auth of forged) t.notOk(isAuthorized(app, auth, text), JSON.stringify(auth)?.slice(0, 100))
  t.ok(isAuthorized(app, valid, text))
})

test('a digit that differs anywhere is noticed', async (t) => {
  const text = 'text'
  const valid = authFor(app, text)
  for (let at = 0; at < valid.length; at++) {
    const other = valid[at] === '1' ? '2' : '1'
    t.notOk(isAuthorized(app, valid.slice(0, at) + other + valid.slice(at + 1), text), `at ${at}`)
  }
})
