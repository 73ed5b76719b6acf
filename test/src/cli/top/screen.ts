import { test } from 'tap'
import { press, type Choice } from '../../../../src/cli/top/keys.js'
import type { Frame, TopicRow } from '../../../../src/cli/top/sample.js'
import { screen, short, shownTopics } from '../../../../src/cli/top/screen.js'

function row(topic: string, publishedPerSecond: number, subscribers: number, skippedTotal: number): TopicRow {
  return { topic, subscribers, published: 0, skipped: { disconnect: 0, 'drop-oldest': skippedTotal, latest: 0 }, publishedPerSecond, skippedTotal }
}

const frame: Frame = {
  seconds: 2,
  gauges: { connections: 12_345, subscriptions: 20_000, topics: 3, log_bytes: 2_500_000 },
  rates: { publications: 10, deliveries: 123_456, bytes_sent: 1_500_000 },
  process: { cpus: 0.831, memoryBytes: 123_456_789, loopDelaySeconds: 0.0112 },
  refusals: [{ name: 'connections_refused', total: 3, perSecond: 0.5, help: 'Over a limit.' }],
  topics: [row('prices/eur', 5, 100, 0), row('news', 50, 2, 7), row('prices/\u001b[2J', 0, 5000, 1)],
}

test('numbers are short', async (t) => {
  t.strictSame([0, 7, 0.5, 999, 1000, 1234, 12_345, 999_999, 1e6, 2.5e9, 1e15].map(short), ['0', '7', '0.50', '999', '1k', '1.23k', '12.3k', '1000k', '1M', '2.50G', '1000T'])
})

test('one screen: what there is, what was refused and why, the topics in their order', async (t) => {
  const lines = screen(frame, { order: 'r', filter: '', columns: 80, rows: 100 }, 'localhost:8000')
  t.match(lines.join('\n'), /connections\s+12.3k\s+publications\/s\s+10\s+CPUs\s+0.83/)
  t.match(lines.join('\n'), /deliveries\/s\s+123k\s+memory\s+123MB/)
  t.match(lines.join('\n'), /loop p99\s+11.2 ms/)
  t.match(lines.join('\n'), /connections_refused\s+0.50\s+3\s+Over a limit\./)
  const topics = lines.slice(lines.findIndex((line) => line.startsWith('MESSAGES/S')) + 1)
  t.match(topics, [/^50 .*7 +news$/, /^5 .* 500 .*prices\/eur$/, /^0 .*5k/])
  t.notMatch(lines.join(''), '\u001b', 'names of topics draw nothing')
  t.match(screen({ ...frame, refusals: [] }, { order: 'r', filter: '', columns: 80, rows: 100 }, '').join('\n'), 'nothing was refused, skipped or cut')
})

test('no larger than the terminal', async (t) => {
  const lines = screen(frame, { order: 'r', filter: '', columns: 20, rows: 6 }, 'localhost:8000')
  t.equal(lines.length, 6)
  t.ok(lines.every((line) => line.length <= 20))
})

test('keys sort, filter and end', async (t) => {
  const start: Choice = { order: 'r', filter: '', typing: false, ended: false }
  const after = (keys: string, from = start) => [...keys].reduce(press, from)
  const names = ({ order, filter }: Choice) => shownTopics(frame, { order, filter }).map(({ topic }) => topic.slice(0, 7))
  t.strictSame(names(after('u')), ['prices/', 'prices/', 'news'])
  t.strictSame(names(after('k')), ['news', 'prices/', 'prices/'])
  t.strictSame(names(after('/news\r')), ['news'])
  t.strictSame(after('/ux\u007f\r'), { ...start, filter: 'u' }, 'while it is typed no key means anything else')
  t.equal(after('/abc\u001b').filter, '')
  t.strictSame(['q', '\u0003', '\u0004', '/q\u0003', '/q', 'xz'].map((keys) => after(keys).ended), [true, true, true, true, false, false])
})
