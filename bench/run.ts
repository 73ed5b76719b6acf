/** `npm run bench`: every scenario, every arm, interleaved; what was measured is on the disk after each scenario. */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { guard } from './guard.js'
import { appendHistory, historyLine, readHistory, type HistoryLine } from './history.js'
import { noiseBand } from './judge.js'
import { buildLoadGenerator } from './load-generator.js'
import { benchFolder } from './paths.js'
import { runMicro } from './micro.js'
import { help, makePlan, readFlags, UsageError, type Flags, type Plan } from './plan.js'
import { startProgress } from './progress.js'
import { contradictions, publishedTable } from './published.js'
import { commit, findUnfinished, machine, writeResults } from './report.js'
import type { Run } from './run-data.js'
import { armsOf, takeSamples } from './sampling.js'
import type { Scenario } from './scenarios.js'
import { tables } from './tables.js'

function newRun(plan: Plan): Run {
  const { rounds, quick, reference, arms, missing, budgetMs, scenarios } = plan
  return {
    startedAt: new Date().toISOString(),
    commit: commit(),
    machine: machine(),
    rounds,
    quick,
    budgetMinutes: budgetMs === null ? null : Number((budgetMs / 60_000).toFixed(1)),
    reference: reference.name,
    twin: `${reference.name}'`,
    arms: arms.map(({ name }) => name),
    missing,
    notRun: scenarios.map(({ name }) => name),
    samples: [],
  }
}

/** @throws {UsageError} when there is none, or when it was made with other arms. */
function unfinishedRun(plan: Plan): Run {
  const run = findUnfinished()
  const fresh = newRun(plan)
  if (run === null) throw new UsageError('--resume: no run in bench/results is unfinished')
  if (run.commit !== fresh.commit) process.stderr.write(`bench: --resume: begun at commit ${run.commit}, goes on at ${fresh.commit}\n`)
  for (const key of ['quick', 'arms'] as const) {
    if (String(run[key]) !== String(fresh[key])) throw new UsageError(`--resume: the unfinished run has ${key} ${run[key]}, got: ${fresh[key]}`)
  }
  return run
}

/** Until all planned scenarios are done or the time is up. Each scenario's part of the rest of the time is its weight's. */
async function complete(plan: Plan, started: Run): Promise<Run> {
  let run = started
  const todo = plan.scenarios.filter(({ name }) => run.notRun.includes(name))
  const stepsOf = (scenario: Scenario): number => armsOf(plan, scenario).length * plan.rounds
  const bar = startProgress(todo.reduce((sum, scenario) => sum + stepsOf(scenario), 0))
  const until = plan.budgetMs === null ? Infinity : Date.now() + plan.budgetMs
  for (const [index, scenario] of todo.entries()) {
    const leftMs = until - Date.now()
    if (leftMs <= 0) break
    const weights = todo.slice(index).reduce((sum, { weight }) => sum + weight, 0)
    const samples = await takeSamples(plan, scenario, leftMs * scenario.weight / weights, (round, arm) => bar.step(scenario.name, round, arm))
    run = { ...run, samples: [...run.samples, ...samples], notRun: run.notRun.filter((name) => name !== scenario.name) }
    writeResults(run, plan.scenarios)
    bar.finish(stepsOf(scenario))
  }
  bar.stop()
  return run
}

/** No script of the peers' many packages runs, but Bun's, which puts its binary in place. */
function installPeers(): void {
  for (const command of [['install', '--ignore-scripts'], ['rebuild', 'bun']]) {
    const { status } = spawnSync('npm', [...command, '--prefix', join(benchFolder, 'peers')], { stdio: ['ignore', 2, 2] })
    if (status !== 0) throw new UsageError(`installing the peers failed: npm ${command.join(' ')}`)
  }
}

const metricsOf = (plan: Plan, scenario: string) => plan.scenarios.find(({ name }) => name === scenario)?.metrics ?? []

function tellContradictions(history: readonly HistoryLine[], line: HistoryLine, run: Run, plan: Plan): void {
  const found = contradictions(history, line, ({ scenario, metric: key }) => {
    const metric = metricsOf(plan, scenario).find((each) => each.key === key)
    const samples = run.samples.filter((each) => each.scenario === scenario)
    return metric === undefined ? Infinity : noiseBand(samples, run.reference, run.twin, metric)
  })
  if (found.length === 0) return
  process.stdout.write(`\nnot as published (README, How fast), beyond the noise of this run:\n${found.map((each) => `  ${each}\n`).join('')}`)
}

function keepsUp(history: readonly HistoryLine[], line: HistoryLine, plan: Plan): boolean {
  const { compared, worse } = guard(history, line, (scenario) => metricsOf(plan, scenario))
  const nothing = 'nothing to compare with: no recorded run of this kind of machine has these arms'
  const verdict = compared === 0 ? nothing : `${worse.length} of ${compared} ratios are worse than recorded`
  process.stdout.write(`\nguard: ${verdict}\n${worse.map((each) => `  ${each}\n`).join('')}`)
  return compared > 0 && worse.length === 0
}

async function main(flags: Flags): Promise<void> {
  if (flags.help) return void process.stdout.write(help)
  if (flags.micro) return runMicro(Number(flags['load-cpu']))
  if (flags.published) return void process.stdout.write(`${publishedTable(readHistory())}\n`)
  if (flags.install) installPeers()
  buildLoadGenerator()
  const plan = makePlan(flags)
  const run = await complete(plan, flags.resume ? unfinishedRun(plan) : newRun(plan))
  const [data, page] = writeResults(run, plan.scenarios)
  process.stdout.write(`\n${tables(run, plan.scenarios)}\n\nreport: ${page}\nraw data: ${data}\n`)
  const history = readHistory()
  const line = historyLine(run, plan.scenarios)
  tellContradictions(history, line, run, plan)
  const passed = !flags.guard || keepsUp(history, line, plan)
  if (flags.record) appendHistory(line)
  if (!passed || run.samples.some(({ failure }) => failure !== null)) process.exitCode = 1
}

try {
  await main(readFlags(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`bench: ${error.message}\n`)
  process.exitCode = 2
}
