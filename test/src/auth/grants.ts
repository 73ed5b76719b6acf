import { test } from 'tap'
import { allGrants, grantsFor, isWithin, noGrants, permits, together } from '../../../src/auth/grants.js'

test('each use has its patterns', async (t) => {
  const grants = grantsFor({ publish: ['prices/*', 'exact'], subscribe: ['public/**'] }, null)
  t.ok(permits(grants, 'publish', 'prices/eur'))
  t.ok(permits(grants, 'publish', 'exact'))
  t.notOk(permits(grants, 'publish', 'public/a'))
  t.notOk(permits(grants, 'subscribe', 'prices/eur'))
  t.ok(permits(grants, 'subscribe', 'public/a/b'))
  t.strictSame(grants.api, [])
})

test('all and nothing', async (t) => {
  for (const use of ['publish', 'subscribe'] as const) {
    t.ok(permits(allGrants, use, 'a/b/c'))
    t.notOk(permits(noGrants, use, 'a'))
  }
  t.strictSame(allGrants.api, ['read', 'publish', 'admin'])
})

test('patterns with {sub} are for whoever it is, and for nobody without one', async (t) => {
  const written = { publish: ['users/{sub}', 'all'], subscribe: ['{sub}/**'] }
  t.strictSame(grantsFor(written, 'u1'), { publish: ['users/u1', 'all'], subscribe: ['u1/**'], api: [] })
  t.strictSame(grantsFor(written, null), { publish: ['all'], subscribe: [], api: [] })
  t.strictSame(grantsFor(written, '*'), { publish: ['all'], subscribe: [], api: [] })
})

test('grants are immutable, and each is there once', async (t) => {
  const grants = grantsFor({ publish: ['a', 'a', 'b'], api: ['read', 'read'] }, null)
  t.strictSame(grants, { publish: ['a', 'b'], subscribe: [], api: ['read'] })
  t.throws(() => (grants.publish as string[]).push('**'), TypeError)
  t.throws(() => Object.assign(grants, { publish: ['**'] }), TypeError)
})

test('together', async (t) => {
  const one = grantsFor({ publish: ['a'], api: ['read'] }, null)
  const other = grantsFor({ publish: ['b'], subscribe: ['a'] }, null)
  t.strictSame(together(one, other), { publish: ['a', 'b'], subscribe: ['a'], api: ['read'] })
  t.equal(together(one, noGrants), one, 'the same object: it is compiled once')
})

test('what was allowed is written still, or not', async (t) => {
  const before = grantsFor({ publish: ['a', 'b/*'], api: ['read'] }, null)
  t.ok(isWithin(before, before))
  t.ok(isWithin(noGrants, before))
  t.ok(isWithin(before, grantsFor({ publish: ['b/*', 'a', 'c'], subscribe: ['x'], api: ['admin', 'read'] }, null)))
  t.notOk(isWithin(before, grantsFor({ publish: ['a'], api: ['read'] }, null)))
  t.notOk(isWithin(before, grantsFor({ publish: ['a', 'b/*'] }, null)))
  t.notOk(isWithin(before, grantsFor({ subscribe: ['a', 'b/*'], api: ['read'] }, null)))
})
