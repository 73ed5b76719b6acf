/**
 * `--guard`: has this broker become slower, measured by others that have not changed? Its ratios to them are compared with those that were
 * recorded last on this kind of machine. What lies outside the noise of both runs fails.
 */

import type { HistoryLine } from './history.js'
import { machineKind } from './published.js'

export interface GuardedMetric {
  readonly key: string
  readonly better: 'lower' | 'higher'
  readonly shownOnly?: true
}

/** The least change that is called one, whatever the twins say: two runs apart in time differ by more than two arms within one. */
const bandMin = 1.1

/** How far the same code differed from itself, as a factor; 1 when that was not measured. */
const selfFactor = (line: HistoryLine, scenario: string, metric: string): number => {
  const ratio = line.ratios[scenario]?.[`${line.reference}'`]?.[metric]
  return ratio === undefined ? 1 : Math.exp(Math.abs(Math.log(ratio)))
}

export interface Guarded {
  readonly compared: number
  /** One line each. */
  readonly worse: readonly string[]
}

/** The newest record of this kind of machine in which the arm took part. */
function lastRecord(history: readonly HistoryLine[], now: HistoryLine, scenario: string, arm: string, metric: string): HistoryLine | undefined {
  return history.findLast((line) =>
    machineKind(line) === machineKind(now) && line.reference === now.reference && line.ratios[scenario]?.[arm]?.[metric] !== undefined)
}

/** @param metricsOf of a scenario; none of a scenario that is unknown */
export function guard(history: readonly HistoryLine[], now: HistoryLine, metricsOf: (scenario: string) => readonly GuardedMetric[]): Guarded {
  let compared = 0
  const worse: string[] = []
  for (const [scenario, arms] of Object.entries(now.ratios)) {
    for (const [arm, ratios] of Object.entries(arms)) {
      if (arm === `${now.reference}'` || arm.startsWith(now.reference)) continue
      for (const { key, better, shownOnly } of metricsOf(scenario)) {
        const ratio = ratios[key]
        const before = lastRecord(history, now, scenario, arm, key)
        const earlier = before?.ratios[scenario]?.[arm]?.[key]
        if (shownOnly === true || ratio === undefined || before === undefined || earlier === undefined) continue
        compared += 1
        const band = Math.max(bandMin, selfFactor(now, scenario, key) * selfFactor(before, scenario, key))
        const lost = better === 'lower' ? earlier / ratio : ratio / earlier
        if (lost <= band) continue
        const [here, there, noise] = [ratio, earlier, band].map((factor) => `×${factor.toFixed(2)}`)
        worse.push(`${scenario}, ${key}: ${arm} is ${here} of the ${now.reference}, at ${before.commit} ${there} (noise ${noise})`)
      }
    }
  }
  return { compared, worse }
}
