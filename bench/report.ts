/** What becomes of a run beside the tables: a file with the raw data, a page with charts, a line of history. */

import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { htmlReport } from './html-report.js'
import { judge, noiseBand } from './judge.js'
import { historyFile, resultsFolder, root } from './paths.js'
import type { Run } from './run-data.js'
import type { Scenario } from './scenarios.js'
import { absent, legend } from './tables.js'

export function machine(): Run['machine'] {
  return { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, kernel: release(), memoryBytes: totalmem(), node: process.version }
}

export function commit(): string {
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
  const { cpu, cores, kernel, node } = run.machine
  writeFileSync(data, `${JSON.stringify(run)}\n`)
  const facts = `${run.startedAt.slice(0, 10)}, commit ${run.commit}, ${cpu}, ${cores} cores, kernel ${kernel}, Node ${node}`
  writeFileSync(page, htmlReport(run, scenarios, facts, [...absent(run), legend(run)].join('\n')))
  return [data, page]
}

/** The newest run, when scenarios of it are still to be made. */
export function findUnfinished(): Run | null {
  if (!existsSync(resultsFolder)) return null
  const newest = readdirSync(resultsFolder).filter((name) => name.endsWith('.json')).sort().at(-1)
  if (newest === undefined) return null
  const run = JSON.parse(readFileSync(join(resultsFolder, newest), 'utf8')) as Partial<Run>
  return (run.notRun ?? []).length === 0 ? null : run as Run
}

/** One line a run: absolute figures age with the machine, ratios do not. */
export function appendHistory(run: Run, scenarios: readonly Scenario[]): void {
  const measured = scenarios.filter(({ name }) => run.samples.some(({ scenario }) => scenario === name))
  const ratios = Object.fromEntries(measured.map(({ name, metrics }) => {
    const samples = run.samples.filter(({ scenario }) => scenario === name)
    const ofArm = (arm: string): Record<string, number> => Object.fromEntries(metrics.flatMap((metric) => {
      const { ratio } = judge(samples, arm, run.reference, metric, noiseBand(samples, run.reference, run.twin, metric))
      return Number.isFinite(ratio) ? [[metric.key, Number(ratio.toFixed(3))]] : []
    }))
    return [name, Object.fromEntries(run.arms.filter((arm) => arm !== run.reference).map((arm) => [arm, ofArm(arm)]))]
  }))
  mkdirSync(dirname(historyFile), { recursive: true })
  const { startedAt, commit: version, machine: where, rounds, reference } = run
  appendFileSync(historyFile, `${JSON.stringify({ startedAt, commit: version, machine: where, rounds, reference, ratios })}\n`)
}
