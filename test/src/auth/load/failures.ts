import { test } from 'tap'
import { Failures, failuresPerSecondMax } from '../../../../src/auth/load/failures.js'

function failuresAt(now: { ms: number }): Failures {
  return new Failures(() => now.ms)
}

test('ten in a second, then none until some of it is over', async (t) => {
  const now = { ms: 5000 }
  const failures = failuresAt(now)
  t.notOk(failures.isOver('10.0.0.1'))
  for (let count = 0; count < failuresPerSecondMax; count++) {
    t.notOk(failures.isOver('10.0.0.1'), `${count}`)
    failures.count('10.0.0.1')
  }
  t.ok(failures.isOver('10.0.0.1'))
  t.notOk(failures.isOver('10.0.0.2'), 'others may')
  now.ms += 99
  t.ok(failures.isOver('10.0.0.1'))
  now.ms += 1
  t.notOk(failures.isOver('10.0.0.1'), 'one more')
  failures.count('10.0.0.1')
  t.ok(failures.isOver('10.0.0.1'))
  now.ms += 3_600_000
  for (let count = 0; count < failuresPerSecondMax; count++) failures.count('10.0.0.1')
  t.ok(failures.isOver('10.0.0.1'), 'an hour of peace is worth a second')
})

test('failures beyond the limit, of what was under way, do not make it longer', async (t) => {
  const now = { ms: 0 }
  const failures = failuresAt(now)
  for (let count = 0; count < 1000; count++) failures.count('10.0.0.1')
  now.ms += 100
  t.notOk(failures.isOver('10.0.0.1'))
})

test('a network of one client counts as one', async (t) => {
  const failures = failuresAt({ ms: 0 })
  for (let count = 0; count < failuresPerSecondMax; count++) failures.count(`2001:db8:1:2::${count}`)
  t.ok(failures.isOver('2001:db8:1:2:ffff::1'))
  t.notOk(failures.isOver('2001:db8:1:3::1'))
})

test('addresses are bounded: who failed longest ago is forgotten', async (t) => {
  const failures = failuresAt({ ms: 0 })
  const fail = (address: string) => {
    for (let count = 0; count < failuresPerSecondMax; count++) failures.count(address)
  }
  fail('192.0.2.1')
  fail('192.0.2.2')
  for (let at = 0; at < 9998; at++) failures.count(`10.0.${at >> 8}.${at & 255}`)
  failures.count('192.0.2.1')
  t.equal(failures.size, 10_000)
  failures.count('10.1.0.0')
  t.equal(failures.size, 10_000)
  t.ok(failures.isOver('192.0.2.1'))
  t.notOk(failures.isOver('192.0.2.2'))
})
