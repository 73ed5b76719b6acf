import { test } from 'tap'
import { WebhookReport } from '../../../../src/pusher/webhook/report.js'
import { ManualClock } from '../../../support/pusher/manual-clock.js'

function start() {
  const clock = new ManualClock()
  const lines: string[] = []
  const url = new URL('https://user:password@example.com:8443/hook?token=secret#x')
  return { clock, lines, report: new WebhookReport(url, clock, (line) => lines.push(line)) }
}

test('the first at once, then one line for all that happened in 10 s', async (t) => {
  const { clock, lines, report } = start()
  report.failed('status 500')
  t.strictSame(lines, ['webhook https://example.com:8443/hook: attempts that failed: 1, got: status 500'])
  for (let at = 0; at < 1000; at++) report.lost('full', 2)
  report.lost('expired', 5)
  report.failed('status 502')
  report.failed('status 503')
  clock.advance(9999)
  t.equal(lines.length, 1)
  clock.advance(1)
  t.equal(lines[1], 'webhook https://example.com:8443/hook: events lost because too many waited: 2000; ' +
    'events lost after all attempts: 5; attempts that failed: 2, got: status 503')
  clock.advance(100_000)
  t.equal(lines.length, 2, 'no news, no line')
  report.lost('full', 1)
  t.equal(lines[2], 'webhook https://example.com:8443/hook: events lost because too many waited: 1')
})

test('nothing lost is no news', async (t) => {
  const { clock, lines, report } = start()
  report.lost('full', 0)
  t.strictSame([lines, clock.nextMs], [[], null])
})

test('an answer cannot write into the log', async (t) => {
  const { lines, report } = start()
  report.failed('a\nb\u001b[2J')
  t.match(lines[0], /got: a\\u\{a\}b\\u\{1b\}\[2J$/)
})

test('at the end the rest is said, and nothing after it', async (t) => {
  const { clock, lines, report } = start()
  report.lost('full', 1)
  report.lost('closed', 2)
  report.close()
  report.lost('closed', 3)
  t.equal(clock.nextMs, null)
  t.strictSame(lines.slice(1), ['webhook https://example.com:8443/hook: events lost because the broker was closed: 2'])
})
