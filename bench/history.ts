/** What recorded runs found: a line of ratios each, in git. Absolute figures age with the machine, ratios do not. */

import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { judge, noiseBand } from './judge.js'
import { historyFile } from './paths.js'
import type { Run } from './run-data.js'
import type { Scenario } from './scenarios.js'

/** By metric: an arm's ratio to the reference, median of the rounds. */
export type Ratios = Readonly<Record<string, number>>

export interface HistoryLine {
  readonly startedAt: string
  readonly commit: string
  readonly machine: Run['machine']
  readonly rounds: number
  readonly reference: string
  /** By scenario, by arm. The reference's twin is among the arms: how far the same code differed from itself. */
  readonly ratios: Readonly<Record<string, Readonly<Record<string, Ratios>>>>
}

/** Oldest first. */
export function readHistory(): HistoryLine[] {
  if (!existsSync(historyFile)) return []
  return readFileSync(historyFile, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as HistoryLine)
}

export function historyLine(run: Run, scenarios: readonly Scenario[]): HistoryLine {
  const measured = scenarios.filter(({ name }) => run.samples.some(({ scenario }) => scenario === name))
  const ratios = Object.fromEntries(measured.map(({ name, metrics }) => {
    const samples = run.samples.filter(({ scenario }) => scenario === name)
    const ofArm = (arm: string): Ratios => Object.fromEntries(metrics.flatMap((metric) => {
      const { ratio } = judge(samples, arm, run.reference, metric, noiseBand(samples, run.reference, run.twin, metric))
      return Number.isFinite(ratio) ? [[metric.key, Number(ratio.toFixed(3))]] : []
    }))
    return [name, Object.fromEntries(run.arms.filter((arm) => arm !== run.reference).map((arm) => [arm, ofArm(arm)]))]
  }))
  const { startedAt, commit, machine, rounds, reference } = run
  return { startedAt, commit, machine, rounds, reference, ratios }
}

export function appendHistory(line: HistoryLine): void {
  mkdirSync(dirname(historyFile), { recursive: true })
  appendFileSync(historyFile, `${JSON.stringify(line)}\n`)
}
