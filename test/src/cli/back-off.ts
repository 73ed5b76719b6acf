import { test } from 'tap'
import { BackOff } from '../../../src/cli/back-off.js'

function waits(random: number, count: number): number[] {
  const backOff = new BackOff(() => random)
  return Array.from({ length: count }, () => backOff.next())
}

test('each wait is twice the one before, up to ten seconds, of which at least half', async (t) => {
  t.strictSame(waits(0, 9), [125, 250, 500, 1000, 2000, 4000, 5000, 5000, 5000])
  t.strictSame(waits(0.9999999, 8), [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000])
})

test('after a success it begins anew', async (t) => {
  const backOff = new BackOff(() => 0)
  backOff.next()
  backOff.next()
  backOff.reset()
  t.equal(backOff.next(), 125)
})
