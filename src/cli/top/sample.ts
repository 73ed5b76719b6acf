/** What `broker top` knows at one time: the counters of /metrics and the topics that matter, and what they became since another time. */

import type { TopicStats } from '../../native/binding.js'

export interface Sample {
  /** Milliseconds, of a clock that is never set. */
  readonly atMs: number
  readonly metrics: ReadonlyMap<string, number>
  /** What each metric counts. */
  readonly help: ReadonlyMap<string, string>
  readonly topics: readonly TopicStats[]
}

/** Of the text format: samples without labels, and every HELP. */
export function parseMetrics(text: string): Pick<Sample, 'metrics' | 'help'> {
  const metrics = new Map<string, number>()
  const help = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, named = '', words = ''] = /^# HELP (\S+) (.*)$/.exec(line) ?? []
    if (named !== '') help.set(named, words)
    const [, name = '', value = ''] = /^([a-zA-Z_:][\w:]*) (\S+)/.exec(line) ?? []
    if (name !== '') metrics.set(name, Number(value))
  }
  return { metrics, help }
}

export interface TopicRow extends TopicStats {
  readonly publishedPerSecond: number
  readonly skippedTotal: number
}

export interface Refusal {
  readonly name: string
  readonly total: number
  readonly perSecond: number
  readonly help: string
}

/** What is shown, and printed with --json. */
export interface Frame {
  readonly seconds: number
  /** Gauges as they are, by the name behind `broker_`. */
  readonly gauges: Readonly<Record<string, number>>
  /** Counters a second, by the name between `broker_` and `_total`. */
  readonly rates: Readonly<Record<string, number>>
  /** Of the process: CPUs kept busy, bytes of memory, seconds that the event loop was late (99 %). */
  readonly process: { readonly cpus: number, readonly memoryBytes: number, readonly loopDelaySeconds: number }
  /** What was refused, skipped or ended, and has happened. */
  readonly refusals: readonly Refusal[]
  readonly topics: readonly TopicRow[]
}

/** Counters of what somebody did not get, by their names. */
const refusing = /refused|skipped|dropped|closed_slow|closed_overdue|closed_held|flooding|protocol_errors|failures|failed|lost|denied|expired|cut|paused/

function rateOf(name: string, before: Sample, after: Sample): number {
  const seconds = Math.max((after.atMs - before.atMs) / 1000, 0.001)
  // A counter that fell was begun anew, with its process.
  return Math.max(0, (after.metrics.get(name) ?? 0) - (before.metrics.get(name) ?? 0)) / seconds
}

function topicRows(before: Sample, after: Sample, seconds: number): TopicRow[] {
  const earlier = new Map(before.topics.map((each) => [each.topic, each.published]))
  return after.topics.map((each) => ({
    ...each, publishedPerSecond: Math.max(0, each.published - (earlier.get(each.topic) ?? each.published)) / seconds,
    skippedTotal: Object.values(each.skipped).reduce((sum, count) => sum + count, 0),
  }))
}

export function frameOf(before: Sample, after: Sample): Frame {
  const seconds = Math.max((after.atMs - before.atMs) / 1000, 0.001)
  const own = [...after.metrics].filter(([name]) => name.startsWith('broker_'))
  const counters = own.filter(([name]) => name.endsWith('_total'))
  const short = (name: string) => name.replace(/^broker_/, '').replace(/_total$/, '')
  return {
    seconds,
    gauges: Object.fromEntries(own.filter(([name]) => !name.endsWith('_total')).map(([name, value]) => [short(name), value])),
    rates: Object.fromEntries(counters.map(([name]) => [short(name), rateOf(name, before, after)])),
    process: {
      cpus: rateOf('process_cpu_seconds_total', before, after),
      memoryBytes: after.metrics.get('process_resident_memory_bytes') ?? 0,
      loopDelaySeconds: after.metrics.get('nodejs_eventloop_lag_p99_seconds') ?? 0,
    },
    refusals: counters.filter(([name, value]) => refusing.test(name) && value > 0).map(([name, total]) => {
      return { name: short(name), total, perSecond: rateOf(name, before, after), help: after.help.get(name) ?? '' }
    }),
    topics: topicRows(before, after, seconds),
  }
}
