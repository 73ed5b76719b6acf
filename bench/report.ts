/** What becomes of a run beside the tables: a file with the raw data, and a page with charts. */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { htmlReport } from './html-report.js'
import { resultsFolder, root } from './paths.js'
import type { Run } from './run-data.js'
import type { Scenario } from './scenarios.js'
import { absent, legend } from './tables.js'

/** Which machine it was, as far as one can be told from another: model names of virtual ones say little. */
export function machine(): Run['machine'] {
  const facts = readFileSync('/proc/cpuinfo', 'utf8').split('\n\n')[0] ?? ''
  const fact = (name: string): string => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(facts)?.[1] ?? '?'
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cpuid: `${fact('cpu family')}-${fact('model')}-${fact('stepping')}`,
    mhz: Math.round(Number(fact('cpu MHz'))),
    cores: cpus().length,
    kernel: release(),
    memoryBytes: totalmem(),
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8),
    node: process.version,
  }
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
