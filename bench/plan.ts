/** What a run of the benchmark is asked to do, from its flags. */

import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { arms, type Arm } from './arms.js'
import { scenarios, type Scenario } from './scenarios.js'

const names = (rows: readonly { readonly name: string }[]): string => rows.map(({ name }) => name).join(', ')

export const help = `usage: npm run bench -- [options]

  --quick             a first look in under two minutes, with the arms that need no installation
  --budget-minutes N  as many rounds as fit (at most --rounds); what did not fit is named, and --resume does it later
  --rounds N          interleaved rounds (default 5, quick 3)
  --arms a,b          only these
                      (${names(arms)})
  --scenarios a,b     only these
                      (${names(scenarios)})
  --reference NAME    arm the others are compared with (default: broker, or the first available); runs twice
  --server-cpu N      core of the servers (default 0)
  --load-cpu N        core of the load generator (default 1)
  --install           install the peers first (bench/peers)
  --quiet-wait-s N    wait up to so long before each run until other programs leave the machine alone (default 0)
  --resume            go on with the newest run that was interrupted or ran out of time
  --micro             only what parts of the core cost alone (bench/micro), on --load-cpu
  --record            append the ratios to bench/history/results.ndjson
  --guard             exit code 1 when a ratio is worse, beyond the noise, than the one recorded last on this kind of machine
  --published         print the ranges over all recorded runs, as the README has them, and measure nothing

Examples:
  npm run bench -- --quick
  npm run bench -- --install --budget-minutes 20 --record
  npm run bench -- --arms broker,floor,bun --scenarios one-to-many --rounds 15
`

const quickArms = ['broker', 'floor']
/** Together with starting and compiling less than two minutes, also when other programs slow everything down. */
const quickBudgetMs = 95_000

export interface Plan {
  readonly scenarios: readonly Scenario[]
  /** The reference, its twin, then the others that can run here. */
  readonly arms: readonly Arm[]
  readonly reference: Arm
  readonly missing: Readonly<Record<string, string>>
  readonly rounds: number
  readonly quick: boolean
  readonly budgetMs: number | null
  readonly serverCpu: number
  readonly loadCpu: number
  readonly quietWaitMs: number
}

/** Wrong use: one line, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < min || number > max) throw new UsageError(`--${name} must be ${min}..${max}, got: ${text}`)
  return number
}

function pick<Row extends { readonly name: string }>(flag: string, rows: readonly Row[], wanted: string | undefined, otherwise: readonly Row[]): readonly Row[] {
  if (wanted === undefined) return otherwise
  return wanted.split(',').map((name) => {
    const row = rows.find((one) => one.name === name)
    if (row === undefined) throw new UsageError(`--${flag} must be of ${names(rows)}, got: ${name}`)
    return row
  })
}

/** @throws {UsageError} */
export function readFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        'budget-minutes': { type: 'string' },
        rounds: { type: 'string' },
        arms: { type: 'string' },
        scenarios: { type: 'string' },
        reference: { type: 'string' },
        'server-cpu': { type: 'string', default: '0' },
        'load-cpu': { type: 'string', default: '1' },
        install: { type: 'boolean', default: false },
        'quiet-wait-s': { type: 'string', default: '0' },
        resume: { type: 'boolean', default: false },
        micro: { type: 'boolean', default: false },
        record: { type: 'boolean', default: false },
        guard: { type: 'boolean', default: false },
        published: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('\n')[0]} (see --help)`)
  }
}

export type Flags = ReturnType<typeof readFlags>

/** By the name of each that cannot be run here: why. */
function reasons(rows: readonly { readonly name: string, readonly missing?: () => string | null }[]): Readonly<Record<string, string>> {
  return Object.fromEntries(rows.flatMap(({ name, missing }) => {
    const why = missing?.() ?? null
    return why === null ? [] : [[name, why]]
  }))
}

/** @throws {UsageError} */
export function makePlan(flags: Flags): Plan {
  const { quick } = flags
  const wanted = pick('arms', arms, flags.arms, arms.filter(({ name }) => !quick || quickArms.includes(name)))
  const missing = reasons(wanted)
  const present = wanted.filter(({ name }) => missing[name] === undefined)
  const reference = flags.reference === undefined ? present[0] : present.find(({ name }) => name === flags.reference)
  if (reference === undefined) throw new UsageError(`no such arm is available, got: ${flags.reference ?? (names(wanted) || 'none')}`)
  const wantedScenarios = pick('scenarios', scenarios, flags.scenarios, scenarios.filter((scenario) => !quick || scenario.quick))
  const impossible = reasons(wantedScenarios)
  const lastCpu = cpus().length - 1
  const budget = flags['budget-minutes']
  return {
    scenarios: wantedScenarios.filter(({ name }) => impossible[name] === undefined),
    arms: [reference, { ...reference, name: `${reference.name}'` }, ...present.filter((arm) => arm !== reference)],
    reference,
    missing: { ...missing, ...impossible },
    rounds: wholeNumber('rounds', flags.rounds ?? (quick ? '3' : '5'), 1, 1000),
    quick,
    budgetMs: budget !== undefined ? wholeNumber('budget-minutes', budget, 1, 10_000) * 60_000 : quick ? quickBudgetMs : null,
    serverCpu: wholeNumber('server-cpu', flags['server-cpu'], 0, lastCpu),
    loadCpu: wholeNumber('load-cpu', flags['load-cpu'], 0, lastCpu),
    quietWaitMs: wholeNumber('quiet-wait-s', flags['quiet-wait-s'], 0, 3600) * 1000,
  }
}
