/** What becomes of a run beside the tables: a file with the raw data, a page with charts, a line of history. */

import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { htmlReport } from './html-report.js'
import { judge, noiseBand } from './judge.js'
import { historyFile, resultsFolder, root } from './paths.js'
import type { Run } from './run-data.js'
import type { Scenario } from './scenarios.js'
import { absent, legend } from './tables.js'

function machine(): Readonly<Record<string, string | number>> {
  return { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, kernel: release(), memoryBytes: totalmem(), node: process.version }
}

function commit(): string {
  try {
    return execFileSync('git', ['-C', root, 'describe', '--always', '--dirty'], { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}

/** Writes everything that was measured, and the page; returns their paths. */
export function writeResults(run: Run, scenarios: readonly Scenario[]): readonly [data: string, page: string] {
  mkdirSync(resultsFolder, { recursive: true })
  const base = join(resultsFolder, run.startedAt.replaceAll(/[:.]/g, '-'))
  const [data, page] = [`${base}.json`, `${base}.html`] as const
  const { cpu, cores, kernel, node } = machine()
  writeFileSync(data, `${JSON.stringify({ commit: commit(), machine: machine(), ...run })}\n`)
  const facts = `${run.startedAt.slice(0, 10)}, ${commit()}, ${cpu}, ${cores} cores, kernel ${kernel}, Node ${node}`
  writeFileSync(page, htmlReport(run, scenarios, facts, [...absent(run), legend(run)].join('\n')))
  return [data, page]
}

/** One line a run: absolute figures age with the machine, ratios do not. */
export function appendHistory(run: Run, scenarios: readonly Scenario[]): void {
  const ratios = Object.fromEntries(scenarios.map(({ name, metrics }) => {
    const samples = run.samples.filter(({ scenario }) => scenario === name)
    const ofArm = (arm: string): Record<string, number> => Object.fromEntries(metrics.map((metric) => {
      const { ratio } = judge(samples, arm, run.reference, metric, noiseBand(samples, run.reference, run.twin, metric))
      return [metric.key, Number(ratio.toFixed(3))]
    }))
    return [name, Object.fromEntries(run.arms.filter((arm) => arm !== run.reference).map((arm) => [arm, ofArm(arm)]))]
  }))
  mkdirSync(dirname(historyFile), { recursive: true })
  const { startedAt, rounds, reference } = run
  appendFileSync(historyFile, `${JSON.stringify({ startedAt, commit: commit(), machine: machine(), rounds, reference, ratios })}\n`)
}
