import { test } from 'tap'
import { Standings } from '../../../src/auth/standings.js'
import type { Standing } from '../../../src/auth/verdict.js'

const feed: Standing = { way: 'tokens', name: 'feed', listener: 'publish' }

test('one number for each token, key or rule and listener', async (t) => {
  const standings = new Standings()
  const one = standings.numberOf(feed)
  t.equal(standings.numberOf({ ...feed }), one)
  const others = [
    standings.numberOf({ ...feed, listener: 'subscribe' }), standings.numberOf({ ...feed, way: 'jwt' }), standings.numberOf({ ...feed, name: 'feed2' }),
    standings.numberOf({ way: 'tokens', name: 'feed","publish', listener: '' }),
  ]
  t.equal(new Set([one, ...others]).size, 5)
  t.equal(standings.size, 5)
})

test('what has fallen has another number from then on', async (t) => {
  const standings = new Standings()
  const [one, other] = [standings.numberOf(feed), standings.numberOf({ ...feed, name: 'other' })]
  t.strictSame(standings.takeFallen(({ name }) => name === 'feed'), [one])
  t.strictSame(standings.takeFallen(({ name }) => name === 'feed'), [])
  const again = standings.numberOf(feed)
  t.not(again, one)
  t.not(again, other)
  t.strictSame(standings.takeFallen(() => true), [other, again])
})
