import { test } from 'tap'
import { Announcer } from '../../../src/pusher/announcer.js'
import { FakeClock } from '../../support/pusher/fake-clock.js'
import { FakeSessionCalls } from '../../support/pusher/fake-session-calls.js'

function start() {
  const clock = new FakeClock()
  const calls = new FakeSessionCalls()
  const warnings: string[] = []
  const announcer = new Announcer(calls, clock, (name, message) => warnings.push(`${name}: ${message}`))
  const announce = (data: string, listeners = 1) => announcer.announce({ topic: 't', event: 'e', data, excluded: 7, listeners })
  return { clock, calls, warnings, announcer, announce, seen: () => calls.published.map(({ data }) => data) }
}

test('is published at once', async (t) => {
  const { calls, announce, clock } = start()
  announce('1')
  t.strictSame(calls.published, [{ topic: 't', data: '1', details: { event: 'e', userId: null, excluded: 7 } }])
  t.equal(clock.waiting, 0)
})

test('without listeners it is not published, unless others wait', async (t) => {
  const { calls, clock, announce, seen } = start()
  announce('1', 0)
  calls.publishFails = 'ERR_LOG_BYTES'
  announce('2', 0)
  t.equal(clock.waiting, 0)
  announce('3')
  announce('4', 0)
  calls.publishFails = null
  clock.advance(100)
  t.strictSame(seen(), ['3', '4'])
})

test('when the logs are full, it waits, and order holds', async (t) => {
  const { calls, clock, announce, seen, warnings } = start()
  calls.publishFails = 'ERR_LOG_BYTES'
  announce('1')
  announce('2')
  clock.advance(1000)
  calls.publishFails = null
  announce('3')
  t.strictSame(seen(), [], 'the third does not overtake')
  clock.advance(100)
  announce('4')
  t.strictSame(seen(), ['1', '2', '3', '4'])
  t.strictSame(calls.published.map(({ details }) => details?.excluded), [0, 0, 0, 7], 'what waited leaves nobody out')
  t.equal(clock.waiting, 0)
  t.strictSame(warnings, [])
})

test('what can never be published is told and not waited for', async (t) => {
  const { calls, clock, announce, seen, warnings } = start()
  calls.publishFails = 'ERR_MESSAGE_BYTES'
  announce('1')
  calls.publishFails = null
  announce('2')
  t.strictSame(seen(), ['2'])
  t.match(warnings, [/^pusher-announcement-lost: e was not published/])
  t.equal(clock.waiting, 0)
})

test('what waits is bounded', async (t) => {
  const { calls, clock, announce, seen, warnings } = start()
  calls.publishFails = 'ERR_LOG_BYTES'
  for (let n = 0; n <= 100_000; n++) announce(String(n))
  t.equal(warnings.length, 1)
  calls.publishFails = null
  clock.advance(100)
  t.equal(seen().length, 100_000)
  t.equal(seen()[0], '1')
})

test('close', async (t) => {
  const { calls, clock, announce, announcer, seen } = start()
  calls.publishFails = 'ERR_LOG_BYTES'
  announce('1')
  announcer.close()
  calls.publishFails = null
  clock.advance(1000)
  t.strictSame(seen(), [])
  t.equal(clock.waiting, 0)
})
