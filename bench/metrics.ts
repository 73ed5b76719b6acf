/** What is read from the load generator's result, by kind of scenario. */

import type { Distribution, LoadResult } from '../src/bench/load-result.js'

export interface Metric {
  readonly key: string
  readonly title: string
  /** Its name in a chart, where no other column explains it. Left out: the title. */
  readonly chart?: string
  readonly better: 'lower' | 'higher'
  /** Digits behind the point in the table. */
  readonly digits: number
  /** Shown without a ratio and a verdict: single events decide it, and it is different in each run. */
  readonly shownOnly?: true
}

const ms = (us: number | undefined): number => (us ?? NaN) / 1000

export const deliveryMetrics: readonly Metric[] = [
  { key: 'totalMs', title: 'total p50 ms', better: 'lower', digits: 2 },
  { key: 'totalP99Ms', title: 'p99', chart: 'total p99 ms', better: 'lower', digits: 2 },
  { key: 'totalP999Ms', title: 'p99.9', better: 'lower', digits: 1, shownOnly: true },
  { key: 'totalMaxMs', title: 'max', better: 'lower', digits: 1, shownOnly: true },
  { key: 'totalMeanMs', title: 'mean', chart: 'total mean ms', better: 'lower', digits: 2 },
  { key: 'spreadMs', title: 'spread p50 ms', better: 'lower', digits: 2 },
  { key: 'cpuUs', title: 'CPU µs/delivery', better: 'lower', digits: 3 },
  { key: 'rate', title: '1000/s', chart: '1000 deliveries/s', better: 'higher', digits: 0 },
]

export function deliveryValues({ totalUs = {}, spreadUs = {}, ...result }: LoadResult): Record<string, number> {
  return {
    totalMs: ms(totalUs.p50),
    totalP99Ms: ms(totalUs.p99),
    totalP999Ms: ms(totalUs.p999),
    totalMaxMs: ms(totalUs.max),
    totalMeanMs: ms(totalUs.mean),
    spreadMs: ms(spreadUs.p50),
    cpuUs: result.serverCpuUsPerDelivery ?? NaN,
    rate: (result.deliveriesPerSecond ?? NaN) / 1000,
  }
}

/** For loads that are known by what a single client sees. */
export const receiptMetrics: readonly Metric[] = [
  { key: 'receiptMeanMs', title: 'receipt mean ms', better: 'lower', digits: 2 },
  { key: 'receiptP99Ms', title: 'p99', chart: 'receipt p99 ms', better: 'lower', digits: 2 },
  ...deliveryMetrics,
]

export function receiptValues(result: LoadResult): Record<string, number> {
  const { mean, p99 } = result.deliveryUs ?? {}
  return { receiptMeanMs: ms(mean), receiptP99Ms: ms(p99), ...deliveryValues(result) }
}

export const kernelMetrics: readonly Metric[] = [
  { key: 'kernelTotalMs', title: 'kernel total p50 ms', better: 'lower', digits: 2 },
  { key: 'kernelTotalP99Ms', title: 'p99', chart: 'kernel total p99 ms', better: 'lower', digits: 2 },
  { key: 'kernelSpreadMs', title: 'kernel spread p50 ms', better: 'lower', digits: 2 },
  { key: 'totalMs', title: 'total p50 ms', better: 'lower', digits: 2 },
  { key: 'cpuUs', title: 'CPU µs/delivery', better: 'lower', digits: 3 },
]

export function kernelValues(result: LoadResult): Record<string, number> {
  const { kernelTotalUs = {}, kernelSpreadUs = {} } = result
  const { totalMs = NaN, cpuUs = NaN } = deliveryValues(result)
  return { kernelTotalMs: ms(kernelTotalUs.p50), kernelTotalP99Ms: ms(kernelTotalUs.p99), kernelSpreadMs: ms(kernelSpreadUs.p50), totalMs, cpuUs }
}

export const echoMetrics: readonly Metric[] = [
  { key: 'echoUs', title: 'p50 µs', chart: 'response p50 µs', better: 'lower', digits: 0 },
  { key: 'echoP99Us', title: 'p99', chart: 'response p99 µs', better: 'lower', digits: 0 },
  { key: 'echoP999Us', title: 'p99.9', better: 'lower', digits: 0 },
  { key: 'echoMaxUs', title: 'max', better: 'lower', digits: 0, shownOnly: true },
  { key: 'underOneMs', title: '% under 1 ms', better: 'higher', digits: 2 },
  { key: 'requests', title: 'requests/s', better: 'higher', digits: 0 },
  { key: 'cpuUs', title: 'CPU µs/request', better: 'lower', digits: 1 },
]

export function echoValues({ deliveryUs = {}, ...result }: LoadResult): Record<string, number> {
  const { p50 = NaN, p99 = NaN, p999 = NaN, max = NaN }: Distribution = deliveryUs
  return {
    echoUs: p50,
    echoP99Us: p99,
    echoP999Us: p999,
    echoMaxUs: max,
    underOneMs: result.underOneMsPercent ?? NaN,
    requests: result.deliveriesPerSecond ?? NaN,
    cpuUs: result.serverCpuUsPerDelivery ?? NaN,
  }
}

/** For loads that are known by how much goes through. */
export const publishMetrics: readonly Metric[] = [
  { key: 'rate', title: '1000 messages/s', better: 'higher', digits: 0 },
  { key: 'cpuUs', title: 'CPU µs/message', better: 'lower', digits: 3 },
]

export function publishValues(result: LoadResult): Record<string, number> {
  return { rate: (result.deliveriesPerSecond ?? NaN) / 1000, cpuUs: result.serverCpuUsPerDelivery ?? NaN }
}

export const stormMetrics: readonly Metric[] = [
  { key: 'rate', title: 'handshakes/s', better: 'higher', digits: 0 },
  { key: 'handshakeMs', title: 'p50 ms', chart: 'handshake p50 ms', better: 'lower', digits: 2 },
  { key: 'handshakeP99Ms', title: 'p99', chart: 'handshake p99 ms', better: 'lower', digits: 2 },
  { key: 'cpuUs', title: 'CPU µs each', better: 'lower', digits: 1 },
  { key: 'trafficMs', title: 'traffic total p50 ms', better: 'lower', digits: 2 },
  { key: 'trafficP99Ms', title: 'p99', chart: 'traffic total p99 ms', better: 'lower', digits: 2 },
]

export function stormValues({ handshakeUs = {}, totalUs = {}, ...result }: LoadResult): Record<string, number> {
  return {
    rate: result.handshakesPerSecond ?? NaN,
    handshakeMs: ms(handshakeUs.p50),
    handshakeP99Ms: ms(handshakeUs.p99),
    cpuUs: result.serverCpuUsPerHandshake ?? NaN,
    trafficMs: ms(totalUs.p50),
    trafficP99Ms: ms(totalUs.p99),
  }
}
