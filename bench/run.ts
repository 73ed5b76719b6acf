/** `npm run bench`: every scenario, every arm, interleaved round by round so that slow drifts of the machine hit all alike. */

import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { arms, type Arm } from './arms.js'
import { buildLoadGenerator } from './load-generator.js'
import { benchFolder } from './paths.js'
import { waitForQuiet } from './quiet.js'
import { appendHistory, writeResults } from './report.js'
import type { Run, RunSample } from './run-data.js'
import { scenarios, type Scenario } from './scenarios.js'
import { tables } from './tables.js'

const help = `usage: npm run bench -- [options]

  --quick             a first look in under two minutes
  --rounds N          interleaved rounds (default 5, quick 3)
  --arms a,b          only these (${arms.map(({ name }) => name).join(', ')})
  --scenarios a,b     only these (${scenarios.map(({ name }) => name).join(', ')})
  --reference NAME    arm the others are compared with (default: broker, or the first available); runs twice
  --server-cpu N      core of the servers (default 0)
  --load-cpu N        core of the load generator (default 1)
  --install           install the peers first (bench/peers)
  --quiet-wait-s N    wait up to so long before each run until other programs leave the machine alone (default 0)
  --record            append the ratios to bench/history/results.ndjson
`

const quickArms = ['broker', 'floor']
const attemptsMax = 2
const quietMsMax = 20_000
const disturbedPercent = 5

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    arms: { type: 'string' },
    scenarios: { type: 'string' },
    reference: { type: 'string' },
    'server-cpu': { type: 'string', default: '0' },
    'load-cpu': { type: 'string', default: '1' },
    install: { type: 'boolean', default: false },
    'quiet-wait-s': { type: 'string', default: '0' },
    record: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

function fail(message: string): never {
  process.stderr.write(`bench: ${message}\n`)
  process.exit(2)
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < min || number > max) fail(`--${name} must be ${min}..${max}, got: ${text}`)
  return number
}

function pick<Row extends { readonly name: string }>(flag: string, rows: readonly Row[], names: string | undefined, otherwise: readonly Row[]): readonly Row[] {
  if (names === undefined) return otherwise
  return names.split(',').map((name) =>
    rows.find((row) => row.name === name) ?? fail(`--${flag} must be of ${rows.map((row) => row.name).join(', ')}, got: ${name}`))
}

interface Plan {
  readonly scenarios: readonly Scenario[]
  readonly arms: readonly Arm[]
  readonly reference: Arm
  readonly missing: Readonly<Record<string, string>>
  readonly rounds: number
  readonly quick: boolean
  readonly serverCpu: number
  readonly loadCpu: number
  readonly quietWaitMs: number
}

function makePlan(): Plan {
  const { quick } = flags
  const wanted = pick('arms', arms, flags.arms, arms.filter(({ name }) => !quick || quickArms.includes(name)))
  const missing = Object.fromEntries(wanted.flatMap((arm) => {
    const why = arm.missing()
    return why === null ? [] : [[arm.name, why]]
  }))
  const present = wanted.filter(({ name }) => missing[name] === undefined)
  const reference = flags.reference === undefined ? present[0] : present.find(({ name }) => name === flags.reference)
  if (reference === undefined) fail(`no such arm is available, got: ${flags.reference ?? (wanted.map(({ name }) => name).join(',') || 'none')}`)
  const twin = { ...reference, name: `${reference.name}'` }
  const lastCpu = cpus().length - 1
  return {
    scenarios: pick('scenarios', scenarios, flags.scenarios, scenarios.filter((scenario) => !quick || scenario.quick)),
    arms: [reference, twin, ...present.filter((arm) => arm !== reference)],
    reference,
    missing,
    rounds: wholeNumber('rounds', flags.rounds ?? (quick ? '3' : '5'), 1, 1000),
    quick,
    serverCpu: wholeNumber('server-cpu', flags['server-cpu'], 0, lastCpu),
    loadCpu: wholeNumber('load-cpu', flags['load-cpu'], 0, lastCpu),
    quietWaitMs: wholeNumber('quiet-wait-s', flags['quiet-wait-s'], 0, 3600) * 1000,
  }
}

/** One sample; taken again, in a quieter moment, when others used the machine meanwhile; the least disturbed one counts. */
async function sample(plan: Plan, scenario: Scenario, arm: Arm, round: number): Promise<RunSample> {
  const { quick, serverCpu, loadCpu, quietWaitMs } = plan
  const place = { scenario: scenario.name, arm: arm.name, round }
  let best: RunSample | null = null
  for (let attempt = 0; attempt < attemptsMax; ++attempt) {
    await waitForQuiet(attempt > 0 ? Math.max(quietWaitMs, quietMsMax) : quietWaitMs)
    try {
      const { values, raw } = await scenario.measure({ arm, serverCpu, loadCpu, quick })
      const waitedPercent = Math.max(0, ...raw.map(({ clientWaitedPercent = 0 }) => clientWaitedPercent))
      if (best === null || waitedPercent < best.waitedPercent) best = { ...place, values, waitedPercent, failure: null, raw }
      if (waitedPercent <= disturbedPercent) break
    } catch (error) {
      return { ...place, values: {}, waitedPercent: 0, failure: (error as Error).message, raw: [] }
    }
  }
  return best as RunSample
}

function progress(done: number, all: number, what: string): void {
  const bar = '█'.repeat(Math.round(20 * done / all)).padEnd(20, '░')
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${bar} ${done}/${all} ${what}`)
  else if (what !== '') process.stderr.write(`${done}/${all} ${what}\n`)
}

async function takeSamples(plan: Plan): Promise<RunSample[]> {
  const samples: RunSample[] = []
  const all = plan.rounds * plan.scenarios.length * plan.arms.length
  for (let round = 0; round < plan.rounds; ++round) {
    for (const scenario of plan.scenarios) {
      for (let turn = 0; turn < plan.arms.length; ++turn) {
        const arm = plan.arms[(turn + round) % plan.arms.length] as Arm
        progress(samples.length, all, `round ${round + 1} ${scenario.name} ${arm.name}`)
        samples.push(await sample(plan, scenario, arm, round))
      }
    }
  }
  progress(all, all, '')
  if (process.stderr.isTTY) process.stderr.write('\n')
  return samples
}

async function main(): Promise<void> {
  if (flags.help) return void process.stdout.write(help)
  if (flags.install) {
    const { status } = spawnSync('npm', ['install', '--prefix', join(benchFolder, 'peers')], { stdio: ['ignore', 2, 2] })
    if (status !== 0) fail('installing the peers failed')
  }
  buildLoadGenerator()
  const plan = makePlan()
  const startedAt = new Date().toISOString()
  const samples = await takeSamples(plan)
  const { rounds, quick, missing } = plan
  const twin = `${plan.reference.name}'`
  const run: Run = { startedAt, rounds, quick, reference: plan.reference.name, twin, arms: plan.arms.map(({ name }) => name), missing, samples }
  const [data, page] = writeResults(run, plan.scenarios)
  process.stdout.write(`\n${tables(run, plan.scenarios)}\n\nreport: ${page}\nraw data: ${data}\n`)
  if (flags.record) appendHistory(run, plan.scenarios)
  if (samples.some(({ failure }) => failure !== null)) process.exitCode = 1
}

await main()
