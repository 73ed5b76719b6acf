import { test } from 'tap'
import { CredentialCache } from '../../../../src/auth/load/credential-cache.js'

const always = () => true

test('what is fresh, and what is not', async (t) => {
  const cache = new CredentialCache<string>(10)
  let fresh = true
  cache.set('a', 'A', () => fresh)
  t.equal(cache.get('a'), 'A')
  t.equal(cache.get('b'), null)
  fresh = false
  t.equal(cache.get('a'), null)
  fresh = true
  t.equal(cache.get('a'), null, 'it was forgotten')
  t.equal(cache.size, 0)
})

test('the one asked for longest ago goes first', async (t) => {
  const cache = new CredentialCache<string>(2)
  cache.set('a', 'A', always)
  cache.set('b', 'B', always)
  cache.get('a')
  cache.set('c', 'C', always)
  t.strictSame([cache.get('a'), cache.get('b'), cache.get('c')], ['A', null, 'C'])
  cache.set('a', 'A2', always)
  t.strictSame([cache.get('a'), cache.size], ['A2', 2])
})

test('some are dropped', async (t) => {
  const cache = new CredentialCache<number>(10)
  for (const value of [1, 2, 3]) cache.set(String(value), value, always)
  cache.drop((value) => value !== 2)
  t.strictSame([cache.get('1'), cache.get('2'), cache.get('3')], [null, 2, null])
})
