import { test } from 'tap'
import { RepeatLimiter, type Clock } from '../../../src/log/repeat-limiter.js'

class ManualClock implements Clock {
  readonly tasks: (() => void)[] = []

  after(_ms: number, task: () => void): void {
    this.tasks.push(task)
  }

  /** Ends every open window. */
  advance(): void {
    for (const task of this.tasks.splice(0)) task()
  }
}

function limiter(namesMax = 10) {
  const clock = new ManualClock()
  const reports: string[] = []
  const limits = { eventsMax: 2, windowMs: 1000, namesMax }
  return { clock, reports, subject: new RepeatLimiter((name, suppressed) => reports.push(`${name} ${suppressed}`), limits, clock) }
}

test('at most so many in a window, then one report', async (t) => {
  const { clock, reports, subject } = limiter()
  t.strictSame([1, 2, 3, 4].map(() => subject.pass('a')), [true, true, false, false])
  t.ok(subject.pass('b'), 'names are counted apart')
  t.strictSame(reports, [])
  clock.advance()
  t.strictSame(reports, ['a 2'])
  t.ok(subject.pass('a'), 'a new window')
})

test('nothing suppressed, nothing reported', async (t) => {
  const { clock, reports, subject } = limiter()
  subject.pass('a')
  clock.advance()
  t.strictSame(reports, [])
})

test('endless names share one allowance', async (t) => {
  const { clock, reports, subject } = limiter(2)
  t.strictSame(['a', 'b', 'c', 'd', 'e'].map((name) => subject.pass(name)), [true, true, true, true, false])
  clock.advance()
  t.strictSame(reports, ['(others) 1'])
})

test('flush reports what is open', async (t) => {
  const { clock, reports, subject } = limiter()
  for (let at = 0; at < 5; at++) subject.pass('a')
  subject.flush()
  t.strictSame(reports, ['a 3'])
  clock.advance()
  t.strictSame(reports, ['a 3'], 'once')
})
