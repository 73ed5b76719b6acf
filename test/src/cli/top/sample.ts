import { test } from 'tap'
import type { TopicStats } from '../../../../src/native/binding.js'
import { frameOf, parseMetrics, type Sample } from '../../../../src/cli/top/sample.js'

function sample(atMs: number, text: string, topics: readonly TopicStats[] = []): Sample {
  return { atMs, ...parseMetrics(text), topics }
}

test('the text format', async (t) => {
  const { metrics, help } = parseMetrics(`# HELP broker_deliveries_total Frames: handed over.
# TYPE broker_deliveries_total counter
broker_deliveries_total 12
nodejs_heap{space="new"} 5
broker_connections 3e2

process_cpu_seconds_total 0.25
`)
  t.strictSame([...metrics], [['broker_deliveries_total', 12], ['broker_connections', 300], ['process_cpu_seconds_total', 0.25]])
  t.strictSame([...help], [['broker_deliveries_total', 'Frames: handed over.']])
})

test('rates between two samples; a process that was begun anew has none below 0', async (t) => {
  const skipped = { disconnect: 0, 'drop-oldest': 3, latest: 1 }
  const before = sample(1000, 'broker_deliveries_total 100\nbroker_publications_total 50\nprocess_cpu_seconds_total 1\n', [
    { topic: 'a', subscribers: 2, published: 10, skipped },
  ])
  const after = sample(3000, 'broker_deliveries_total 300\nbroker_publications_total 5\nprocess_cpu_seconds_total 2\nbroker_connections 7\nprocess_resident_memory_bytes 1e8\n', [
    { topic: 'a', subscribers: 2, published: 30, skipped }, { topic: 'new', subscribers: 1, published: 9, skipped: { disconnect: 0, 'drop-oldest': 0, latest: 0 } },
  ])
  const frame = frameOf(before, after)
  t.match(frame, { seconds: 2, rates: { deliveries: 100, publications: 0 }, gauges: { connections: 7 }, process: { cpus: 0.5, memoryBytes: 1e8 } })
  t.strictSame(frame.topics.map(({ topic, publishedPerSecond, skippedTotal }) => [topic, publishedPerSecond, skippedTotal]), [['a', 10, 4], ['new', 0, 0]])
})

test('what was refused is shown when it has happened, with what it counts', async (t) => {
  const text = `# HELP broker_connections_refused_total Over a limit.
broker_connections_refused_total 4
broker_protocol_errors_total 0
broker_publications_skipped_total 9
broker_deliveries_total 5
`
  t.strictSame(frameOf(sample(0, 'broker_connections_refused_total 2'), sample(1000, text)).refusals, [
    { name: 'connections_refused', total: 4, perSecond: 2, help: 'Over a limit.' }, { name: 'publications_skipped', total: 9, perSecond: 9, help: '' },
  ])
})
