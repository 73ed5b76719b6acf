import { test } from 'tap'
import { ClockWatch } from '../../../src/auth/clock-watch.js'

test('a clock that is set is told once, forward and back', async (t) => {
  let [wall, monotonic] = [1_000_000, 50]
  const watch = new ClockWatch({ wallMs: () => wall, monotonicMs: () => monotonic })
  const pass = (ms: number, set = 0) => {
    wall += ms + set
    monotonic += ms
    return watch.takeStep()
  }
  t.equal(pass(1000), 0)
  t.equal(pass(1000, 99), 0, 'kept right')
  t.equal(pass(1000, 1), 100, 'small steps add up')
  t.equal(pass(1000, 3_600_000), 3_600_000)
  t.equal(pass(1000), 0, 'and is told once')
  t.equal(pass(1000, -7200), -7200)
  t.equal(pass(0), 0)
})
