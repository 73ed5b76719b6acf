/** The tables as on the terminal: one per scenario, a row per arm, the noise band beneath. */

import type { LoadResult } from '../src/bench/load-result.js'
import { takesPart } from './arms.js'
import { judge, median, noiseBand, type Judgement, type Sample } from './judge.js'
import type { Metric } from './metrics.js'
import type { Run, RunSample } from './run-data.js'
import type { Scenario } from './scenarios.js'

const marks = { better: '+', worse: '-', same: '=' } as const
const waitedPercentMax = 5
const failureLettersMax = 160
const leftOut = 'left out'

function ratioText({ ratio, verdict }: Judgement): string {
  return Number.isFinite(ratio) ? ` ×${ratio.toFixed(2)}${marks[verdict]}` : ''
}

function cell(run: Run, samples: readonly Sample[], arm: string, metric: Metric): string {
  const band = noiseBand(samples, run.reference, run.twin, metric)
  const judgement = judge(samples, arm, run.reference, metric, band)
  if (!Number.isFinite(judgement.median)) return '–'
  return judgement.median.toFixed(metric.digits) + (arm === run.reference || metric.shownOnly ? '' : ratioText(judgement))
}

/** Median of a figure the load generator reports beside the metrics. */
function rawMedian(samples: readonly RunSample[], pick: (raw: LoadResult) => number | null | undefined): string {
  const value = median(samples.map(({ raw }) => raw.at(-1)).map((raw) => (raw && pick(raw)) ?? NaN))
  return Number.isFinite(value) ? value.toFixed(0) : '–'
}

/** Columns without a figure are left out. */
function layOut(all: readonly (readonly string[])[]): string {
  const empty = (all[0] ?? []).map((_, column) => column > 0 && all.slice(1).every((row) => (row[column] ?? '–') === '–'))
  const rows = all.map((row) => row.filter((_, column) => empty[column] !== true))
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row.map((text, column) => column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0)).join('  ')
  return rows.map((row) => `  ${line(row)}`.trimEnd()).join('\n')
}

/** What must be known beside the figures of an arm. */
function notes(own: readonly RunSample[], roundsOfAll: number): string[] {
  const failure = own.find((sample) => sample.failure !== null)?.failure
  const rounds = own.filter((sample) => sample.failure === null).length
  const emptyBuffers = own.some(({ raw }) => raw.some(({ silentFull }) => silentFull === false))
  return [
    ...(failure === undefined ? [] : [`failed once: ${failure}`]),
    ...(rounds < roundsOfAll ? [`${rounds} round${rounds === 1 ? '' : 's'} only`] : []),
    ...(emptyBuffers ? ['the silent subscribers’ buffers were not full'] : []),
  ]
}

function armRow(run: Run, scenario: Scenario, samples: readonly RunSample[], arm: string): string[] {
  const own = samples.filter((sample) => sample.arm === arm)
  if (own.length === 0) return [arm, leftOut]
  const failure = own.find((sample) => sample.failure !== null)?.failure
  if (own.every((sample) => sample.failure !== null)) return [arm, `failed: ${(failure ?? 'not run').slice(0, failureLettersMax)}`]
  const busy = [rawMedian(own, (raw) => raw.serverBusyPercent), rawMedian(own, (raw) => raw.clientBusyPercent)]
  const waited = median(own.map(({ waitedPercent }) => waitedPercent)).toFixed(0)
  const note = notes(own, roundsOf(samples)).join('; ')
  return [arm, ...scenario.metrics.map((metric) => cell(run, samples, arm, metric)), ...busy, waited, ...(note === '' ? [] : [note])]
}

function roundsOf(samples: readonly RunSample[]): number {
  return new Set(samples.map(({ round }) => round)).size
}

export function scenarioTable(run: Run, scenario: Scenario): string {
  const samples = run.samples.filter((sample) => sample.scenario === scenario.name)
  const header = ['', ...scenario.metrics.map(({ title }) => title), 'server %', 'client %', 'waited %']
  const arms = run.arms.filter((arm) => takesPart(arm, scenario.family)).map((arm) => armRow(run, scenario, samples, arm))
  const bands = scenario.metrics.map((metric) => {
    const band = noiseBand(samples, run.reference, run.twin, metric)
    return Number.isFinite(band) && !metric.shownOnly ? `×${band.toFixed(2)}` : '–'
  })
  const complete = arms.filter((row) => row.length >= header.length)
  const failed = arms.filter((row) => row.length < header.length && row[1] !== leftOut).map(([arm, why]) => `  ${arm}: ${why}`)
  const spared = arms.filter((row) => row[1] === leftOut).map(([arm]) => arm)
  if (spared.length > 0) failed.push(`  not with --budget-minutes: ${spared.join(', ')}`)
  const disturbed = samples.filter(({ waitedPercent }) => waitedPercent > waitedPercentMax).length
  const warning = disturbed === 0 ? [] : [`  ${disturbed} of ${samples.length} runs were disturbed by other programs on this machine`]
  const title = `${scenario.name}: ${scenario.about} (rounds: ${roundsOf(samples)})`
  return [title, layOut([header, ...complete, ['noise', ...bands]]), ...failed, ...warning].join('\n')
}

export const legend = (run: Run): string =>
  `medians of the rounds; × ratio to ${run.reference} of the same round, + better, - worse, = not outside the noise or rounds disagree\n` +
  'noise: how far two runs of the same code differed; server %, client %: of the core each has; waited %: had no core'

/** Arms and scenarios that were wanted and are not in the figures. */
export function absent({ missing, notRun, budgetMinutes }: Run): string[] {
  const why = budgetMinutes === null ? 'interrupted' : `the ${budgetMinutes} minutes were up`
  return [
    ...Object.entries(missing).map(([arm, reason]) => `${arm}: not available: ${reason}`),
    ...(notRun.length === 0 ? [] : [`not run (${why}; --resume goes on): ${notRun.join(', ')}`]),
  ]
}

export function tables(run: Run, scenarios: readonly Scenario[]): string {
  const measured = scenarios.filter(({ name }) => run.samples.some(({ scenario }) => scenario === name))
  return [...measured.map((scenario) => scenarioTable(run, scenario)), [...absent(run), legend(run)].join('\n')].join('\n\n')
}
