/**
 * When is a difference a difference? Arms are compared round by round with the reference arm. Two arms that run the same
 * code give the noise band; a verdict needs a median ratio outside it and every round on the same side.
 */

import type { Metric } from './metrics.js'

/** One run of one arm in one round. */
export interface Sample {
  readonly scenario: string
  readonly arm: string
  readonly round: number
  readonly values: Readonly<Record<string, number>>
  /** Share of the time in which the load generator or the server was ready but had no core: others were using the machine. */
  readonly waitedPercent: number
  readonly failure: string | null
}

/** One round agrees with itself. */
const verdictRoundsMin = 2

export type Verdict = 'better' | 'worse' | 'same'

export interface Judgement {
  readonly median: number
  /** Median of the ratios to the reference, round by round; NaN without a common round. */
  readonly ratio: number
  readonly verdict: Verdict
}

export function median(values: readonly number[]): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2
}

/** A metric of one arm by round; failed runs have none. */
export function byRound(samples: readonly Sample[], arm: string, metric: Metric): Map<number, number> {
  const own = samples.filter((sample) => sample.arm === arm && sample.failure === null)
  return new Map(own.map(({ round, values }) => [round, values[metric.key] ?? NaN]))
}

function ratios(values: ReadonlyMap<number, number>, reference: ReadonlyMap<number, number>): number[] {
  return [...values].map(([round, value]) => value / (reference.get(round) ?? NaN)).filter(Number.isFinite)
}

/** The largest factor by which the same code differed from itself in one round; at least 1, Infinity when unknown. */
export function noiseBand(samples: readonly Sample[], reference: string, twin: string, metric: Metric): number {
  const found = ratios(byRound(samples, twin, metric), byRound(samples, reference, metric))
  return found.length === 0 ? Infinity : Math.max(...found.map((ratio) => Math.exp(Math.abs(Math.log(ratio)))))
}

export function judge(samples: readonly Sample[], arm: string, reference: string, metric: Metric, band: number): Judgement {
  const values = byRound(samples, arm, metric)
  const found = ratios(values, byRound(samples, reference, metric))
  const ratio = median(found)
  const outside = ratio > band || ratio < 1 / band
  const agreed = found.length >= verdictRoundsMin && (found.every((one) => one > 1) || found.every((one) => one < 1))
  const differs = arm !== reference && outside && agreed
  const verdict = !differs ? 'same' : (ratio < 1) === (metric.better === 'lower') ? 'better' : 'worse'
  return { median: median([...values.values()]), ratio, verdict }
}
