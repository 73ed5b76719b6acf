import { test } from 'tap'
import { credentialOf, subprotocolAnswer, tokenBytesMax, type CredentialParts } from '../../../src/auth/credential.js'

const nothing: CredentialParts = { authorization: null, subprotocols: null, query: '', metadata: null, certificate: null }
const certificate = { commonName: 'feed.internal', uris: [], expiresAt: 0 }

function found(parts: Partial<CredentialParts>): string {
  const credential = credentialOf({ ...nothing, ...parts })
  if (credential.kind === 'token') return `${credential.place}: ${credential.token}`
  return credential.kind === 'unreadable' ? credential.code : credential.kind
}

function offer(token: string): string {
  return `bearer.${Buffer.from(token).toString('base64url')}`
}

test('places, and which goes first', async (t) => {
  const parts = {
    authorization: 'Bearer header', subprotocols: `chat, ${offer('offered')}, bearer`, query: 'topic=a&token=query', metadata: 'Bearer metadata', certificate,
  }
  t.equal(found(parts), 'header: header')
  t.equal(found({ ...parts, authorization: null }), 'subprotocol: offered')
  t.equal(found({ ...parts, authorization: null, subprotocols: 'chat' }), 'query: query')
  t.equal(found({ ...parts, authorization: null, subprotocols: null, query: '' }), 'metadata: metadata')
  t.equal(found({ certificate }), 'certificate')
  t.equal(found({}), 'none')
})

test('Authorization', async (t) => {
  for (const [value, expected] of [
    ['Bearer abc', 'header: abc'], ['bearer abc', 'header: abc'], ['BEARER   abc  ', 'header: abc'], ['Bearer a.b-c_~+/==', 'header: a.b-c_~+/=='],
    ['Bearer', 'malformed'], ['Bearer ', 'malformed'], ['Bearer a b', 'malformed'], ['Bearer a=b', 'malformed'], ['Bearer =', 'malformed'],
    ['Bearer a,b', 'malformed'], ['Bearer abc, Bearer def', 'malformed'], ['Bearer "abc"', 'malformed'], ['Bearer é', 'malformed'], ['Bearer a\u0000', 'malformed'],
    ['Bearer,abc', 'malformed'], ['Bearer\tabc', 'header: abc'], ['Basic YTpi, Bearer abc', 'malformed'], ['Digest a="b",bearer x', 'malformed'],
    ['Basic YTpi', 'none'], ['Bearerabc', 'none'], ['Bearer-x abc', 'none'], ['', 'none'], ['abc', 'none'],
  ] as const) {
    t.equal(found({ authorization: value }), expected, value)
    t.equal(found({ metadata: value }), expected.replace('header', 'metadata'), `metadata: ${value}`)
  }
})

test('another scheme leaves the other places', async (t) => {
  t.equal(found({ authorization: 'Basic YTpi', query: 'token=abc' }), 'query: abc')
  t.equal(found({ authorization: 'Bearer ', query: 'token=abc' }), 'malformed', 'what is broken does not')
})

test('subprotocols', async (t) => {
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.e30.c2ln'
  for (const [value, expected] of [
    [offer('a secret~token+/='), 'malformed'], [offer('a-secret~token+/='), 'subprotocol: a-secret~token+/='], [offer(jwt), `subprotocol: ${jwt}`],
    [`bearer.${jwt}`, `subprotocol: ${jwt}`], [`chat,  ${offer('abc')} ,bearer`, 'subprotocol: abc'], ['bearer', 'none'], ['chat', 'none'], ['', 'none'],
    ['Bearer.YWJj', 'none'], ['bearer.', 'malformed'], ['bearer.YWJ', 'malformed'], ['bearer.YWJjZ', 'malformed'], ['bearer.YWJj=', 'malformed'],
    ['bearer.YW+j', 'malformed'], ['bearer.YWK', 'malformed'], [`${offer('abc')}, ${offer('abd')}`, 'malformed'], [offer('é'), 'malformed'],
    [offer('a\nb'), 'malformed'], ['bearer.YQ.Yg', 'subprotocol: YQ.Yg'],
  ] as const) t.equal(found({ subprotocols: value }), expected, value)
})

test('what a handshake is answered', async (t) => {
  for (const [value, expected] of [
    [`bearer, ${offer('abc')}`, 'bearer'], [`${offer('abc')},bearer`, 'bearer'], [offer('abc'), null], ['bearer', null], ['chat, bearer', null], [null, null],
    [`${offer('abc')}, Bearer`, null],
  ] as const) t.equal(subprotocolAnswer(value), expected, String(value))
})

test('the query', async (t) => {
  for (const [value, expected] of [
    ['token=abc', 'query: abc'], ['topic=token&token=abc&x', 'query: abc'], ['token=a%2Bb', 'query: a+b'], ['token=a+b', 'query: a+b'], ['token=%61', 'query: a'],
    ['token=', 'malformed'], ['token', 'malformed'], ['token=a&token=a', 'malformed'], ['token=%', 'malformed'], ['token=%FF', 'malformed'], ['token=a%20b', 'malformed'],
    ['token=a%00', 'malformed'], ['tokens=abc', 'none'], ['Token=abc', 'none'], ['topic=token=abc', 'none'], ['', 'none'], ['&&', 'none'], ['xtoken=a', 'none'],
  ] as const) t.equal(found({ query: value }), expected, value)
})

test('sizes', async (t) => {
  const longest = 'a'.repeat(tokenBytesMax)
  for (const parts of [{ authorization: `Bearer ${longest}` }, { subprotocols: offer(longest) }, { query: `token=${longest}` }, { metadata: `Bearer ${longest}` }]) {
    t.equal(found(parts).length, `${longest}`.length + (found(parts).indexOf(':') + 2), 'the longest')
  }
  for (const size of [tokenBytesMax + 1, 2 ** 20]) {
    const text = 'a'.repeat(size)
    t.equal(found({ authorization: `Bearer ${text}` }), 'too-large')
    t.equal(found({ subprotocols: offer(text) }), 'too-large')
    t.equal(found({ subprotocols: `bearer.${text.slice(0, size / 2)}.${text.slice(size / 2)}` }), 'too-large')
    t.equal(found({ query: `token=${text}` }), 'too-large')
    t.equal(found({ query: `token=${'%61'.repeat(size)}` }), 'too-large')
    t.equal(found({ metadata: `Bearer ${text}` }), 'too-large')
  }
})

test('refusals say nothing of what came', async (t) => {
  for (const parts of [{ authorization: 'Bearer se cret' }, { query: 'token=se%20cret' }, { subprotocols: 'bearer.se~cret' }]) {
    const credential = credentialOf({ ...nothing, ...parts })
    t.notMatch(JSON.stringify(credential), /cret/)
  }
})
