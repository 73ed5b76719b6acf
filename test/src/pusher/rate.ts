import { test } from 'tap'
import { PusherRate } from '../../../src/pusher/rate.js'

test('so many a second', async (t) => {
  const rate = new PusherRate(10, 0)
  t.ok(rate.take(10, 0))
  t.notOk(rate.take(1, 0))
  t.notOk(rate.take(2, 100), 'one has come back')
  t.ok(rate.take(1, 100))
  t.notOk(rate.take(11, 100_000), 'never more than a second\'s worth')
  t.ok(rate.take(10, 100_000), 'what was refused was not counted')
})

test('none at all', async (t) => {
  const rate = new PusherRate(0, 0)
  t.notOk(rate.take(1, 100_000))
})

test('a steady flow within the rate passes', async (t) => {
  const rate = new PusherRate(10, 0)
  let taken = 0
  for (let ms = 0; ms < 10_000; ms += 10) if (rate.take(1, ms)) taken++
  t.ok(taken >= 108 && taken <= 110, `a second's worth and ten a second, got: ${taken}`)
})
