/**
 * What the README says of this broker beside others: the range of each headline ratio over all recorded runs. A run that finds something
 * else says so, and once it is recorded the range holds it: no claim stands that a recorded run contradicts.
 */

import type { HistoryLine } from './history.js'

export interface Claim {
  readonly scenario: string
  readonly arm: string
  readonly metric: string
  /** As the README calls it. */
  readonly text: string
}

const arms = [['floor', 'bare send loop'], ['bun', 'Bun publish'], ['uws', 'uWebSockets.js']] as const
const figures = [
  ['one-to-many', 'totalMs', 'total, median'], ['one-to-many', 'totalP99Ms', 'total, p99'], ['one-to-many', 'spreadMs', 'spread'],
  ['many-to-many', 'totalMeanMs', 'total, mean'], ['many-to-many', 'spreadMs', 'spread'], ['many-to-many', 'cpuUs', 'CPU a delivery'],
] as const

export const claims: readonly Claim[] = figures.flatMap(([scenario, metric, figure]) =>
  arms.map(([arm, name]) => ({ scenario, arm, metric, text: `${scenario}, ${figure}: ${name}` })))

export interface Range {
  readonly from: number
  readonly to: number
  readonly runs: number
  /** Kinds of machines: processor, cores and kernel. */
  readonly machines: number
  readonly days: number
}

export const machineKind = ({ machine }: Pick<HistoryLine, 'machine'>): string => `${machine['cpu']}, ${machine['cores']} cores`

/** null: no recorded run has it. */
export function rangeOf(history: readonly HistoryLine[], { scenario, arm, metric }: Claim): Range | null {
  const having = history.flatMap((line) => {
    const ratio = line.reference === 'broker' ? line.ratios[scenario]?.[arm]?.[metric] : undefined
    return ratio === undefined ? [] : [{ line, ratio }]
  })
  if (having.length === 0) return null
  const found = having.map(({ ratio }) => ratio)
  const distinct = (of: (line: HistoryLine) => string): number => new Set(having.map(({ line }) => of(line))).size
  return {
    from: Math.min(...found),
    to: Math.max(...found),
    runs: found.length,
    machines: distinct(machineKind),
    days: distinct(({ startedAt }) => startedAt.slice(0, 10)),
  }
}

const times = (ratio: number): string => `×${ratio.toFixed(2)}`
const rangeText = ({ from, to }: Range): string => from === to ? times(from) : `${times(from)} to ${times(to)}`

/** For the README, in Markdown: others' figures in units of this broker's. */
export function publishedTable(history: readonly HistoryLine[]): string {
  const rows = figures.map(([scenario, metric, figure]) => {
    const cells = arms.map(([arm]) => {
      const range = rangeOf(history, { scenario, arm, metric, text: '' })
      return range === null ? '–' : `${rangeText(range)} (${range.runs})`
    })
    return `| \`${scenario}\`, ${figure} | ${cells.join(' | ')} |`
  })
  return [`| | ${arms.map(([, name]) => name).join(' | ')} |`, '| --- | --- | --- | --- |', ...rows].join('\n')
}

/**
 * The claims that a run has measured otherwise, a line each.
 * @param found the run as it would be recorded
 * @param bandOf how far the same code differed from itself in it
 */
export function contradictions(history: readonly HistoryLine[], found: HistoryLine, bandOf: (claim: Claim) => number): string[] {
  return claims.flatMap((claim) => {
    const range = rangeOf(history, claim)
    const ratio = found.reference === 'broker' ? found.ratios[claim.scenario]?.[claim.arm]?.[claim.metric] : undefined
    if (range === null || ratio === undefined) return []
    const band = bandOf(claim)
    if (ratio <= range.to * band && ratio >= range.from / band) return []
    return [`${claim.text} is ${times(ratio)} here; published: ${rangeText(range)} (${range.runs} runs, ${range.machines} kinds of machines)`]
  })
}
