/** `broker doctor`: looks at this machine as the broker would find it, and says what is wrong and what mends it. */

import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { Config } from '../config/schema.js'
import { resolveEngineOptions } from '../engine/engine-options.js'
import { AddonLoadError, ConfigError } from '../errors.js'
import { thisMachine } from '../machine/machine.js'
import type { EngineOptions } from '../native/binding.js'
import { loadAddon } from '../native/load.js'
import { addApiFlags, ApiClient, type ApiFlags } from './api-client.js'
import { addConfigFlags, loadConfigOf } from './config-flags.js'
import { brokerChecks } from './doctor/broker-checks.js'
import { bad, good, type Check, type Finding, type Found, type Level, type Patient } from './doctor/check.js'
import { kernelChecks } from './doctor/kernel-checks.js'
import { processChecks } from './doctor/process-checks.js'
import { exitCodes } from './exit.js'
import { table } from './table.js'

interface DoctorOptions extends ApiFlags {
  readonly json?: true
}

const checks: readonly Check[] = [...kernelChecks, ...processChecks, ...brokerChecks]

/** For people, as wide as each other. */
const marks: Readonly<Record<Level, string>> = { good: 'good', hint: 'hint', warn: 'WARN', fail: 'FAIL' }

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return null
  }
}

function oneLine(error: unknown): string {
  return (error as Error).message.replaceAll('\n', '; ')
}

/** What the engine would be told, and what comes of asking for it. */
async function engineOf(config: Config): Promise<{ options: EngineOptions | null, finding: Found }> {
  try {
    return { options: await resolveEngineOptions(config, thisMachine(loadAddon())), finding: good(`it loads, on Node ${process.version}`) }
  } catch (error) {
    if (error instanceof AddonLoadError) return { options: null, finding: bad('fail', oneLine(error), 'npx @tutti/broker build') }
    if (error instanceof ConfigError) return { options: null, finding: bad('fail', oneLine(error), 'change it where it says') }
    throw error
  }
}

async function examine(command: Command, options: DoctorOptions): Promise<Finding[]> {
  const loaded = loadConfigOf(command)
  const port = loaded.config.api?.port
  const url = options.url ?? (port === undefined || port === 0 ? undefined : `http://localhost:${port}`)
  const api = new ApiClient({ ...options, ...url === undefined ? {} : { url } })
  const { options: engine, finding } = await engineOf(loaded.config)
  const patient: Patient = { read, config: loaded.config, options: engine, api }
  const warnings = loaded.warnings.map((warning): Finding => ({ check: 'configuration', ...bad('warn', warning, 'as it says') }))
  const findings: Finding[] = [{ check: 'engine', ...finding }, ...warnings.length > 0 ? warnings : [{ check: 'configuration', ...good('it is right') }]]
  for (const { name, look } of checks) findings.push({ check: name, ...await look(patient) })
  return findings
}

function rowsOf({ check, level, got, todo }: Finding): string[][] {
  return [[marks[level], check, got], ...todo === null ? [] : [['', '', `→ ${todo}`]]]
}

async function run(options: DoctorOptions, command: Command): Promise<void> {
  const findings = await examine(command, options)
  const failed = findings.filter(({ level }) => level === 'fail').length
  if (options.json) console.log(JSON.stringify({ failed, findings }, null, 2))
  else process.stdout.write(table(findings.flatMap(rowsOf)))
  if (failed > 0) process.exitCode = exitCodes.failed
}

export function addDoctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .description('Look at this machine and the configuration as broker start would find them: what there is, what is wrong, what mends it.')
    .option('--json', 'print {"failed", "findings": [{"check", "level", "got", "todo"}, …]}')
  addApiFlags(addConfigFlags(command))
    .addHelpText('after', `
good: nothing to do. hint: could be better. WARN: will hurt under load. FAIL: something does not work; then the exit code is 1.

Examples:
  $ broker doctor
  $ broker doctor --config broker.yaml --json | jq '.findings[] | select(.level != "good")'`)
    .action(run)
}
