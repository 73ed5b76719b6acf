/**
 * Takes the samples of one scenario: round by round, the arms in turn, in an order that rotates, so that slow drifts of the
 * machine hit all alike. In a limited time the number of rounds is what fits, and arms that are far slower run once.
 */

import type { LoadResult } from '../src/bench/load-result.js'
import { urlsOf, type Arm } from './arms.js'
import type { Plan } from './plan.js'
import { waitForQuiet } from './quiet.js'
import type { RunSample } from './run-data.js'
import type { Scenario } from './scenarios.js'

const attemptsMax = 2
const quietMsMax = 20_000
const disturbedPercent = 5
/** Wanted in a limited time: below it there is hardly a verdict. */
const fewRounds = 3
const sampleSecondsMax = 10
/** An arm whose sample took longer than this, and than so many parts of the time, is not run again. */
const slowSampleMsMin = 5000
const slowParts = 2.5
/** A scenario that takes so many times its part of the time ends where it is. */
const overrunMax = 1.5

export type Progress = (round: number, arm: string) => void

/** The arms of this scenario in this plan. */
export function armsOf({ arms, reference, budgetMs }: Plan, scenario: Scenario): readonly Arm[] {
  const able = arms.filter((arm) => urlsOf(arm, scenario.family) !== undefined)
  if (budgetMs === null || scenario.limitedTo === null) return able
  const own = [reference.name, `${reference.name}'`, ...scenario.limitedTo]
  return able.filter(({ name }) => own.includes(name))
}

/** Half of the server's, because its helper threads wait for each other too on their one core. */
function waitedOf({ clientWaitedPercent = 0, serverWaitedPercent }: LoadResult, { manyThreads }: Arm): number {
  return Math.max(clientWaitedPercent, manyThreads ? 0 : (serverWaitedPercent ?? 0) / 2)
}

/** What a sample may take when a few rounds are to fit. */
function sampleMs(plan: Plan, scenario: Scenario, shareMs: number): number {
  return shareMs / (armsOf(plan, scenario).length * fewRounds)
}

/** One sample; taken again, in a quieter moment, when others used the machine meanwhile; the least disturbed one counts. */
async function sample(plan: Plan, scenario: Scenario, arm: Arm, round: number, shareMs: number): Promise<RunSample> {
  const { quick, serverCpu, loadCpu, quietWaitMs } = plan
  const place = { scenario: scenario.name, arm: arm.name, round }
  const limited = Number.isFinite(shareMs)
  const perSampleMs = sampleMs(plan, scenario, shareMs)
  const budgetS = limited ? Math.min(sampleSecondsMax, Math.max(1, Math.round(perSampleMs / 2000))) : null
  const started = Date.now()
  let best: RunSample | null = null
  for (let attempt = 0; attempt < (quick ? 1 : attemptsMax); ++attempt) {
    await waitForQuiet(attempt === 0 ? quietWaitMs : limited ? Math.min(quietMsMax, perSampleMs) : Math.max(quietWaitMs, quietMsMax))
    try {
      const { values, raw } = await scenario.measure({ arm, serverCpu, loadCpu, quick, budgetS })
      const waitedPercent = Math.max(0, ...raw.map((result) => waitedOf(result, arm)))
      if (best === null || waitedPercent < best.waitedPercent) best = { ...place, values, waitedPercent, failure: null, raw }
      if (waitedPercent <= disturbedPercent || (limited && Date.now() - started > perSampleMs)) break
    } catch (error) {
      if (best !== null) break
      return { ...place, values: {}, waitedPercent: 0, failure: (error as Error).message, raw: [] }
    }
  }
  return best as RunSample
}

/** `shareMs`: how long it may take, Infinity for all rounds. */
export async function takeSamples(plan: Plan, scenario: Scenario, shareMs: number, progress: Progress): Promise<RunSample[]> {
  const samples: RunSample[] = []
  const started = Date.now()
  const slow = new Set<string>()
  let roundMs = 0
  for (let round = 0; round < plan.rounds; ++round) {
    if (round > 0 && Date.now() - started + roundMs > shareMs) break
    const arms = armsOf(plan, scenario).filter(({ name }) => !slow.has(name))
    roundMs = 0
    for (let turn = 0; turn < arms.length; ++turn) {
      const arm = arms[(turn + round) % arms.length] as Arm
      const before = Date.now()
      if (before - started > overrunMax * shareMs) return samples  // the last arms are the slowest, and are named as left out
      progress(round, arm.name)
      samples.push(await sample(plan, scenario, arm, round, shareMs))
      const took = Date.now() - before
      const isReference = arm.name === plan.reference.name || arm.name === `${plan.reference.name}'`
      if (!isReference && took > Math.max(slowSampleMsMin, slowParts * sampleMs(plan, scenario, shareMs))) slow.add(arm.name)
      else roundMs += took
    }
  }
  return samples
}
