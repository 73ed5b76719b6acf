/** What is measured: one row each, names stable. Every scenario starts its own servers, so each sample is a fresh process. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Arm } from './arms.js'
import { holdConnections, runLoad, type LoadResult } from './load-generator.js'
import { startServer } from './server.js'

export interface Metric {
  readonly key: string
  readonly title: string
  readonly better: 'lower' | 'higher'
  /** Digits behind the point in the table. */
  readonly digits: number
}

export interface Bench {
  readonly arm: Arm
  readonly serverCpu: number
  readonly loadCpu: number
  /** Fewer rounds and connections, for a first look. */
  readonly quick: boolean
}

export interface Measured {
  /** By the keys of the scenario's metrics. */
  readonly values: Readonly<Record<string, number>>
  /** What the load generator printed, one for each time it ran. */
  readonly raw: readonly LoadResult[]
}

export interface Scenario {
  readonly name: string
  readonly about: string
  readonly quick: boolean
  readonly metrics: readonly Metric[]
  readonly measure: (bench: Bench) => Promise<Measured>
}

const deliveryMetrics: readonly Metric[] = [
  { key: 'totalMs', title: 'total p50 ms', better: 'lower', digits: 2 },
  { key: 'totalP99Ms', title: 'p99', better: 'lower', digits: 2 },
  { key: 'totalMeanMs', title: 'mean', better: 'lower', digits: 2 },
  { key: 'spreadMs', title: 'spread p50 ms', better: 'lower', digits: 2 },
  { key: 'cpuUs', title: 'CPU µs/delivery', better: 'lower', digits: 3 },
  { key: 'rate', title: '1000/s', better: 'higher', digits: 0 },
]

function deliveryValues(result: LoadResult): Record<string, number> {
  const { totalUs = {}, spreadUs = {} } = result
  return {
    totalMs: (totalUs.p50 ?? NaN) / 1000,
    totalP99Ms: (totalUs.p99 ?? NaN) / 1000,
    totalMeanMs: (totalUs.mean ?? NaN) / 1000,
    spreadMs: (spreadUs.p50 ?? NaN) / 1000,
    cpuUs: result.serverCpuUsPerDelivery ?? NaN,
    rate: (result.deliveriesPerSecond ?? NaN) / 1000,
  }
}

async function loadFreshServer(bench: Bench, args: readonly string[]): Promise<LoadResult> {
  await using server = await startServer(bench.arm, bench.serverCpu)
  return await runLoad(server, bench.loadCpu, args)
}

interface LoadRow {
  readonly name: string
  readonly about: string
  readonly args: readonly string[]
  /** Added in a quick run; without it the scenario is left out of quick runs. */
  readonly quickArgs?: readonly string[]
}

/** A scenario that is one run of the load generator. */
function deliveries({ name, about, args, quickArgs }: LoadRow): Scenario {
  return {
    name,
    about,
    quick: quickArgs !== undefined,
    metrics: deliveryMetrics,
    measure: async (bench) => {
      const result = await loadFreshServer(bench, [...args, ...(bench.quick ? quickArgs ?? [] : [])])
      return { values: deliveryValues(result), raw: [result] }
    },
  }
}

function channels(topics: number): Scenario {
  const each = 475
  return deliveries({
    name: `channels-${topics}`,
    about: `${topics} topics with ${each} subscribers each, one message to each topic at once`,
    args: ['channels', '--topics', `${topics}`, '--publishers', `${topics}`, '--subscribers', `${topics * each}`, '--budget-s', '10'],
  })
}

const slowPercent = 10

/** The figures of those who read, and how much worse they are than in a run of the same arm where everybody reads. */
const slow: Scenario = {
  name: `slow-${slowPercent}`,
  about: `1 → 1000, ${slowPercent} % of the subscribers never read; × the same without them`,
  quick: false,
  metrics: [
    ...deliveryMetrics,
    { key: 'p99Ratio', title: 'p99 ×', better: 'lower', digits: 2 },
    { key: 'spreadRatio', title: 'spread ×', better: 'lower', digits: 2 },
  ],
  measure: async (bench) => {
    const readers = 1000 - slowPercent * 10
    const all = await loadFreshServer(bench, ['one-to-many', '--subscribers', `${readers}`])
    const some = await loadFreshServer(bench, ['slow', '--slow-percent', `${slowPercent}`])
    const [without, values] = [deliveryValues(all), deliveryValues(some)]
    const ratio = (key: string): number => (values[key] ?? NaN) / (without[key] ?? NaN)
    return { values: { ...values, p99Ratio: ratio('totalP99Ms'), spreadRatio: ratio('spreadMs') }, raw: [all, some] }
  },
}

const storm: Scenario = {
  name: 'storm',
  about: 'handshakes as fast as they go, 256 under way at a time',
  quick: false,
  metrics: [
    { key: 'rate', title: 'handshakes/s', better: 'higher', digits: 0 },
    { key: 'handshakeMs', title: 'p50 ms', better: 'lower', digits: 2 },
    { key: 'handshakeP99Ms', title: 'p99', better: 'lower', digits: 2 },
    { key: 'cpuUs', title: 'CPU µs each', better: 'lower', digits: 1 },
  ],
  measure: async (bench) => {
    const result = await loadFreshServer(bench, ['storm']) as LoadResult & { handshakeUs: { p50: number; p99: number } }
    const { handshakesPerSecond: rate = NaN, serverCpuUsPerHandshake, handshakeUs } = result
    const values = { rate, handshakeMs: handshakeUs.p50 / 1000, handshakeP99Ms: handshakeUs.p99 / 1000, cpuUs: serverCpuUsPerHandshake ?? NaN }
    return { values, raw: [result] }
  },
}

/** Resident bytes that one more idle subscriber costs: the first hundreds pay for what is allocated once. */
const idleMemory: Scenario = {
  name: 'idle-memory',
  about: 'resident bytes of the server per idle subscriber',
  quick: true,
  metrics: [{ key: 'bytes', title: 'bytes/connection', better: 'lower', digits: 0 }],
  measure: async ({ arm, serverCpu, loadCpu, quick }) => {
    const count = quick ? 4000 : 17_000
    await using server = await startServer(arm, serverCpu)
    const first = await holdConnections(server, loadCpu, 500)
    await sleep(500)
    const before = server.residentBytes()
    const rest = await holdConnections(server, loadCpu, count)
    await sleep(500)
    const bytes = (server.residentBytes() - before) / count
    return { values: { bytes }, raw: [await first.close(), await rest.close()] }
  },
}

export const scenarios: readonly Scenario[] = [
  deliveries({
    name: 'one-to-many',
    about: '1 → 1000, one message at a time',
    args: ['one-to-many', '--budget-s', '20'],
    quickArgs: ['--rounds', '100'],
  }),
  deliveries({
    name: 'many-to-many',
    about: '1000 × 1000, every publisher sends one message at the same instant',
    args: ['many-to-many', '--budget-s', '6', '--warmup', '1'],
    quickArgs: ['--rounds', '4'],
  }),
  deliveries({
    name: 'many-to-many-paced',
    about: '1000 × 1000, every publisher one message per 10 s (100,000 deliveries/s)',
    args: ['paced'],
  }),
  ...[1, 2, 5, 10, 20, 40].map(channels),
  slow,
  storm,
  idleMemory,
]
