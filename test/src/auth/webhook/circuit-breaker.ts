import { test } from 'tap'
import { CircuitBreaker, failuresInRowMax, restMs } from '../../../../src/auth/webhook/circuit-breaker.js'

test('it opens after failures in a row, and closes with the first answer', async (t) => {
  let now = 0
  const breaker = new CircuitBreaker(() => now)
  for (let count = 1; count < failuresInRowMax; count++) {
    t.ok(breaker.mayAsk())
    t.equal(breaker.failed(), 'none')
  }
  t.equal(breaker.answered(), 'none', 'not in a row')
  for (let count = 1; count < failuresInRowMax; count++) breaker.failed()
  t.ok(breaker.mayAsk())
  t.equal(breaker.failed(), 'opened')
  t.ok(breaker.isOpen)
  t.notOk(breaker.mayAsk())
  now += restMs - 1
  t.notOk(breaker.mayAsk())
  now += 1
  t.ok(breaker.mayAsk(), 'once a second')
  t.notOk(breaker.mayAsk(), 'and one only')
  t.equal(breaker.failed(), 'none')
  now += restMs
  t.ok(breaker.mayAsk())
  t.equal(breaker.answered(), 'closed')
  t.ok(breaker.mayAsk())
  t.ok(breaker.mayAsk())
})

test('failures of many at one time open it once', async (t) => {
  const breaker = new CircuitBreaker(() => 0)
  t.strictSame(Array.from({ length: 7 }, () => breaker.failed()), ['none', 'none', 'none', 'none', 'opened', 'none', 'none'])
})
