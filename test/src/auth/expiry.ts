import { test } from 'tap'
import { Expiries, expiryStepMs } from '../../../src/auth/expiry.js'

const noon = Date.UTC(2026, 0, 15, 12)

test('connections are due when their credentials end, never before', async (t) => {
  const expiries = new Expiries<string>()
  expiries.set('a', noon)
  expiries.set('b', noon + 1)
  expiries.set('c', noon + 1000)
  expiries.set('never', null)
  t.equal(expiries.size, 3)
  t.strictSame(expiries.takeDue(noon - 1), [])
  t.strictSame(expiries.takeDue(noon), ['a'])
  t.strictSame(expiries.takeDue(noon), [], 'once')
  t.strictSame(expiries.takeDue(noon + expiryStepMs - 1), [])
  t.strictSame(expiries.takeDue(noon + expiryStepMs), ['b'])
  t.strictSame(expiries.takeDue(noon + 999), [])
  t.strictSame(expiries.takeDue(noon + 1000), ['c'])
  t.equal(expiries.size, 0)
})

test('within a second, asked four times a second', async (t) => {
  for (let offset = 0; offset < 1000; offset += 37) {
    const expiries = new Expiries<number>()
    const end = noon + offset
    expiries.set(1, end)
    let now = noon - 500 + (offset * 7) % expiryStepMs
    while (expiries.takeDue(now).length === 0) now += expiryStepMs
    t.ok(now >= end && now - end < 1000, `${now - end} ms`)
  }
})

test('connections that end by themselves, and ends that change', async (t) => {
  const expiries = new Expiries<string>()
  expiries.set('a', noon)
  expiries.set('b', noon)
  expiries.delete('a')
  expiries.delete('a')
  expiries.delete('unknown')
  expiries.set('b', noon + 5000)
  t.strictSame(expiries.takeDue(noon + 1000), [])
  t.strictSame(expiries.takeDue(noon + 5000), ['b'])
  expiries.set('c', noon)
  expiries.set('c', null)
  t.strictSame(expiries.takeDue(noon + 9000), [])
})

test('a wall clock that is set', async (t) => {
  const expiries = new Expiries<string>()
  expiries.set('a', noon)
  t.strictSame(expiries.takeDue(noon - 315_360_000_000), [])
  t.strictSame(expiries.takeDue(noon + 315_360_000_000), ['a'])
})

test('many', async (t) => {
  const expiries = new Expiries<number>()
  for (let id = 0; id < 200_000; id++) expiries.set(id, noon + id * 500)
  const begin = performance.now()
  t.equal(expiries.takeDue(noon + 500).length, 2)
  for (let id = 2; id < 200_000; id++) expiries.delete(id)
  t.equal(expiries.size, 0)
  t.ok(performance.now() - begin < 5000)
  t.strictSame(expiries.takeDue(Infinity), [])
})
