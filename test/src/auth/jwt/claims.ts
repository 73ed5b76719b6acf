import { test } from 'tap'
import { readClaims } from '../../../../src/auth/jwt/claims.js'

test('what is read of claims', async (t) => {
  const claims = { sub: 'u1', exp: 1.5, topics: { publish: ['a/*'], subscribe: ['**'], more: 1 }, api: ['read'], iss: 'i', 'https://x': {} }
  t.strictSame(readClaims(claims), { sub: 'u1', exp: 1.5, topics: { publish: ['a/*'], subscribe: ['**'] }, api: ['read'] })
  t.strictSame(readClaims({}), {})
  t.strictSame(readClaims({ topics: {} }), { topics: {} })
  t.strictSame(readClaims(JSON.parse('{"__proto__": {"topics": {"publish": ["**"]}}}')), {}, 'a prototype is no claim')
})

test('what is wrong is named, and not shown', async (t) => {
  for (const [claims, message] of [
    [{ sub: ['s3cret'] }, /^the claim sub is wrong: /], [{ topics: { publish: ['a', 's3cret**'] } }, /^the claim topics.publish.1 is wrong: must have at most one \* in a level/],
    [{ topics: { publish: { 0: 's3cret' } } }, /^the claim topics.publish is wrong: /], [{ api: ['s3cret'] }, /^the claim api.0 is wrong: /], [{ exp: Infinity }, /^the claim exp is wrong: /],
  ] as const) {
    const problem = readClaims(claims)
    t.match(problem, message)
    t.notMatch(problem, /s3cret/)
  }
})
