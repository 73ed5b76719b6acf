import { test } from 'tap'
import { refusals, type RefusalCode } from '../../../src/auth/refusals.js'
import { refused } from '../../../src/auth/verdict.js'

test('each refusal in each protocol', async (t) => {
  for (const code of Object.keys(refusals) as RefusalCode[]) {
    const { status, grpc, wwwAuthenticate, retryAfterSeconds, told, reason, allow } = refused(code, 'why')
    t.equal(allow, false)
    t.equal(reason, 'why')
    t.match(told, /^[a-z].*\w$/, 'one line for the client')
    t.notMatch(told, /"/, 'fits the header')
    t.equal(grpc, { 401: 'UNAUTHENTICATED', 403: 'PERMISSION_DENIED', 429: 'RESOURCE_EXHAUSTED', 503: 'UNAVAILABLE' }[status], code)
    t.equal(wwwAuthenticate !== null, status === 401 || code === 'topic' || code === 'right', code)
    t.equal(retryAfterSeconds, status === 429 || status === 503 ? 1 : null)
  }
})

test('challenges', async (t) => {
  t.equal(refused('no-credential', '').wwwAuthenticate, 'Bearer realm="broker"')
  t.equal(refused('expired', '').wwwAuthenticate, 'Bearer realm="broker", error="invalid_token", error_description="the token has expired"')
  t.equal(refused('topic', '').wwwAuthenticate, 'Bearer realm="broker", error="insufficient_scope"')
})

test('what is wrong with a token that nobody signed is not told', async (t) => {
  const codes: RefusalCode[] = ['malformed', 'too-large', 'unknown-token', 'unknown-key', 'bad-signature', 'wrong-issuer', 'wrong-audience', 'bad-claims', 'webhook-refused']
  t.equal(new Set(codes.map((code) => refused(code, '').told)).size, 1)
})
