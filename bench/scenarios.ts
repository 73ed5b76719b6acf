/** What is measured: one row each, names stable. Every scenario starts its own servers, so each sample is a fresh process. */

import { setTimeout as sleep } from 'node:timers/promises'
import {
  calm, channelBurstRows, channelRows, echo, flooded, grpcFanOutRows, grpcLast, grpcPublish, manyToMany, manyToManyPaced, oneToMany,
  pusherChannelRows, pusherEventRows, pusherOneChannel, respondRows, slow, slowPercent, storm, type LoadRow,
} from '../src/bench/load-rows.js'
import type { LoadResult } from '../src/bench/load-result.js'
import type { Family } from './arm-urls.js'
import type { Arm } from './arms.js'
import { missingCertificate } from './credentials.js'
import { goProgram } from './go-program.js'
import { holdConnections, runGoTester, runLoad } from './load-generator.js'
import {
  deliveryMetrics, deliveryValues, echoMetrics, echoValues, kernelMetrics, kernelValues, publishMetrics, publishValues, receiptMetrics,
  receiptValues, stormMetrics, stormValues, type Metric,
} from './metrics.js'
import { startServer } from './server.js'

export interface Bench {
  readonly arm: Arm
  readonly serverCpu: number
  readonly loadCpu: number
  /** Fewer rounds and connections, for a first look. */
  readonly quick: boolean
  /** No further volley is begun after so many measured seconds; null: the scenario's own. */
  readonly budgetS: number | null
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
  /** What the load speaks: arms that do not speak it take no part. */
  readonly family: Family
  readonly quick: boolean
  /** Why it cannot be run here, or null. Left out: it can. */
  readonly missing?: () => string | null
  /** Its part of a limited time, beside the other scenarios'. */
  readonly weight: number
  /** Arms it is run with in a limited time; null: all. */
  readonly limitedTo: readonly string[] | null
  readonly metrics: readonly Metric[]
  readonly measure: (bench: Bench) => Promise<Measured>
}

/** The nearest to each other: what is worth a closer look when time is short. */
const frontArms: readonly string[] = ['broker', 'floor', 'bun', 'uws']
const knownArms: readonly string[] = [...frontArms, 'nats', 'redis', 'mosquitto']

async function loadFreshServer(bench: Bench, args: readonly string[], family: Family = 'plain'): Promise<LoadResult> {
  const { arm, serverCpu, loadCpu, budgetS } = bench
  await using server = await startServer(arm, family, serverCpu)
  return await runLoad(server, loadCpu, [...args, ...(budgetS === null ? [] : ['--budget-s', String(budgetS)])])
}

interface Kind {
  readonly metrics: readonly Metric[]
  readonly values: (result: LoadResult) => Record<string, number>
  readonly weight?: number
  readonly limitedTo?: readonly string[]
  readonly family?: Family
}

const delivered: Kind = { metrics: deliveryMetrics, values: deliveryValues }
const known: Kind = { ...delivered, limitedTo: knownArms }
const front: Kind = { ...delivered, limitedTo: frontArms }
const pusher: Kind = { metrics: receiptMetrics, values: receiptValues, limitedTo: ['soketi', 'broker-plain'], family: 'pusher' }

/** A scenario that is one run of the load generator. */
function loadScenario({ name, about, args, quickArgs }: LoadRow, { metrics, values, weight = 1, limitedTo, family = 'plain' }: Kind): Scenario {
  return {
    name,
    about,
    family,
    quick: quickArgs !== null,
    weight,
    limitedTo: limitedTo ?? null,
    metrics,
    measure: async (bench) => {
      const result = await loadFreshServer(bench, [...args, ...(bench.quick ? quickArgs ?? [] : [])], family)
      return { values: values(result), raw: [result] }
    },
  }
}

/** The same load, its receipts by the kernel's clock. */
const oneToManyKernel: LoadRow = {
  name: `${oneToMany.name}-kernel`,
  about: `${oneToMany.about}; receipts by the kernel's receive time, without the load generator's own receive loop`,
  args: [...oneToMany.args, '--kernel-time', '1'],
  quickArgs: null,
}

/** Less time than the load itself needs to show its tail makes no sense: ten seconds are one message per publisher. */
const paced: Scenario = {
  ...loadScenario(manyToManyPaced, { ...known, weight: 4 }),
  measure: async (bench) => {
    const seconds = bench.budgetS === null ? [] : ['--seconds', '10']
    const result = await loadFreshServer(bench, [...manyToManyPaced.args, ...seconds])
    return { values: deliveryValues(result), raw: [result] }
  },
}

/** The figures under an adversity, and how much worse they are than in a run of the same arm without it. */
function paired(row: LoadRow, weight: number, without: readonly string[]): Scenario {
  return {
    ...loadScenario(row, { ...known, weight }),
    about: `${row.about}; × the same without them`,
    metrics: [
      ...deliveryMetrics,
      { key: 'p99Ratio', title: 'p99 ×', better: 'lower', digits: 2 },
      { key: 'spreadRatio', title: 'spread ×', better: 'lower', digits: 2 },
    ],
    measure: async (bench) => {
      const calmResult = await loadFreshServer(bench, without)
      const result = await loadFreshServer(bench, row.args)
      const [calmValues, values] = [deliveryValues(calmResult), deliveryValues(result)]
      const ratio = (key: string): number => (values[key] ?? NaN) / (calmValues[key] ?? NaN)
      return { values: { ...values, p99Ratio: ratio('totalP99Ms'), spreadRatio: ratio('spreadMs') }, raw: [calmResult, result] }
    },
  }
}

/** Resident bytes that one more idle subscriber costs: the first hundreds pay for what is allocated once. */
const idleMemory = (family: Family, firstConnections = 500): Scenario => ({
  name: family === 'plain' ? 'idle-memory' : `idle-memory-${family}`,
  about: 'resident bytes of the server per idle subscriber',
  family,
  quick: true,
  weight: 2,
  limitedTo: null,
  metrics: [{ key: 'bytes', title: 'bytes/connection', better: 'lower', digits: 0 }],
  measure: async ({ arm, serverCpu, loadCpu, quick, budgetS }) => {
    const count = quick ? 4000 : budgetS !== null || firstConnections > 500 ? 8000 : 17_000
    await using server = await startServer(arm, family, serverCpu)
    const first = await holdConnections(server, loadCpu, firstConnections)
    await sleep(500)
    const before = server.residentBytes()
    const rest = await holdConnections(server, loadCpu, count)
    await sleep(500)
    const bytes = (server.residentBytes() - before) / count
    return { values: { bytes }, raw: [await first.close(), await rest.close()] }
  },
})

/** What more channels cost: the same number of connections on one, and CPU per delivery of the most channels as a ratio to it. */
function pusherScaling(many: LoadRow): Scenario {
  return {
    ...loadScenario(pusherOneChannel, { ...pusher, weight: 2 }),
    about: `${pusherOneChannel.about}; channels ×: CPU per delivery of ${many.name} to it`,
    metrics: [...receiptMetrics, { key: 'channelsCpuRatio', title: 'channels ×', chart: `CPU per delivery, ${many.name} to it`, better: 'lower', digits: 2 }],
    measure: async (bench) => {
      const manyResult = await loadFreshServer(bench, many.args, 'pusher')
      const oneResult = await loadFreshServer(bench, pusherOneChannel.args, 'pusher')
      const values = receiptValues(oneResult)
      const channelsCpuRatio = (receiptValues(manyResult)['cpuUs'] ?? NaN) / (values['cpuUs'] ?? NaN)
      return { values: { ...values, channelsCpuRatio }, raw: [manyResult, oneResult] }
    },
  }
}

/** The same over TLS 1.3 with AES-128-GCM, a P-256 certificate, one subscriber a connection as always. */
function secured(scenario: Scenario): Scenario {
  return { ...scenario, quick: false, missing: missingCertificate, about: `${scenario.about}; over TLS` }
}

function securedLoad(row: LoadRow, kind: Kind): Scenario {
  return secured(loadScenario({ ...row, name: `${row.name}-tls` }, { ...kind, family: 'tls' }))
}

const stormed: Kind = { metrics: stormMetrics, values: stormValues }
const stormResumed: LoadRow = {
  ...storm, name: 'storm-resumed', about: `${storm.about}; each comes back with a ticket`, args: [...storm.args, '--tls-resume', '1'],
}

/** The same shape with a client of Go's own gRPC package, as services are written with it: nearer to the reference tester. */
function goClient({ name, about, args }: LoadRow): Scenario {
  return {
    name: `${name}-go-client`,
    about: `${about}; the client is a Go program`,
    family: 'grpc',
    quick: false,
    missing: () => goProgram.missing(),
    weight: 1,
    limitedTo: null,
    metrics: deliveryMetrics,
    measure: async ({ arm, serverCpu, loadCpu }) => {
      await using server = await startServer(arm, 'grpc', serverCpu)
      const dataBytes = args[args.indexOf('--data-bytes') + 1] ?? ''
      const result = await runGoTester(server, loadCpu, ['--data-bytes', dataBytes])
      return { values: deliveryValues(result), raw: [result] }
    },
  }
}

const [channelsFew, ...channelsMore] = channelRows
const channelsMost = channelsMore.pop()
const burstsFewer = [...channelBurstRows]
const burstsMost = burstsFewer.pop()
const pusherFewer = [...pusherChannelRows]
const pusherMost = pusherFewer.pop()

function present<Row>(row: Row | undefined): Row[] {
  return row === undefined ? [] : [row]
}

/** In the order of their weight for a reader: when the time is up, the last ones are not run. */
export const scenarios: readonly Scenario[] = [
  loadScenario(oneToMany, { ...delivered, weight: 2 }),
  loadScenario(manyToMany, { ...delivered, weight: 3.5 }),
  loadScenario(echo, { metrics: echoMetrics, values: echoValues, weight: 1.5 }),
  idleMemory('plain'),
  ...present(channelsFew).map((row) => loadScenario(row, { ...known, weight: 0.8 })),
  ...present(channelsMost).map((row) => loadScenario(row, { ...known, weight: 1.5 })),
  paced,
  paired(slow, 2.5, ['one-to-many', '--subscribers', `${1000 - slowPercent * 10}`]),
  paired(flooded, 1.5, calm.args),
  loadScenario(storm, { ...stormed, limitedTo: knownArms }),
  ...present(burstsMost).map((row) => loadScenario(row, { ...known, weight: 1.5 })),
  loadScenario(oneToManyKernel, { metrics: kernelMetrics, values: kernelValues, weight: 0.6, limitedTo: frontArms }),
  ...channelsMore.map((row) => loadScenario(row, { ...front, weight: 0.4 })),
  ...burstsFewer.map((row) => loadScenario(row, { ...front, weight: 0.4 })),
  ...present(pusherMost).map((row) => loadScenario(row, { ...pusher, weight: 1.5 })),
  ...grpcFanOutRows.map((row) => loadScenario(row, { metrics: deliveryMetrics, values: deliveryValues, family: 'grpc' })),
  ...grpcFanOutRows.map(goClient),
  loadScenario(grpcPublish, { metrics: publishMetrics, values: publishValues, family: 'grpc' }),
  loadScenario(grpcLast, { metrics: echoMetrics, values: echoValues, family: 'grpc-last' }),
  ...pusherEventRows.map((row) => loadScenario(row, { metrics: echoMetrics, values: echoValues, family: 'pusher-http' })),
  ...present(pusherMost).map(pusherScaling),
  ...respondRows.flatMap((row) => (['tcp', 'unix'] as const).map((kind) => loadScenario(
    { ...row, name: `${row.name}-${kind}`, quickArgs: null, about: `${row.about}, over ${kind === 'tcp' ? 'TCP' : 'a Unix socket'}` },
    { metrics: echoMetrics, values: echoValues, family: `responder-${kind}` },
  ))),
  ...pusherFewer.map((row) => loadScenario(row, { ...pusher, weight: 0.6 })),
  securedLoad(oneToMany, delivered),
  securedLoad(oneToManyKernel, { metrics: kernelMetrics, values: kernelValues }),
  securedLoad(manyToMany, delivered),
  securedLoad(storm, stormed),
  securedLoad(stormResumed, stormed),
  // Handshakes need memory that connections then use.
  secured(idleMemory('tls', 5000)),
]
