import { test } from 'tap'
import { BackOff } from '../../../src/client/back-off.js'

test('waits are anything from nothing to a bound that doubles', async (t) => {
  const random = Math.random
  t.teardown(() => {
    Math.random = random
  })
  const backOff = new BackOff(100, 1000)
  Math.random = () => 0.999999
  t.strictSame(Array.from({ length: 6 }, () => backOff.next()), [100, 200, 400, 800, 1000, 1000])
  Math.random = () => 0
  t.equal(backOff.next(), 0)
  backOff.reset()
  Math.random = () => 0.5
  t.strictSame([backOff.next(), backOff.next()], [50, 100])
  for (let tries = 0; tries < 5000; tries += 1) backOff.next()
  t.equal(backOff.next(), 500, 'it ends where it ends')
})
