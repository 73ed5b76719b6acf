/** `broker config`: what `broker start` would run with, and where each value comes from. */

import type { Command } from 'commander'
import { addConfigFlags, loadConfigOf } from './config-flags.js'
import { configRows, type ConfigRow } from './config-rows.js'
import { UsageError } from './exit.js'
import { table } from './table.js'

interface ShowOptions {
  readonly json?: true
  readonly changed?: true
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function isBelow({ key }: ConfigRow, wanted: readonly string[]): boolean {
  return wanted.length === 0 || wanted.some((name) => key === name || key.startsWith(`${name}.`))
}

async function run(wanted: readonly string[], options: ShowOptions, command: Command): Promise<void> {
  const loaded = loadConfigOf(command)
  const all = await configRows(loaded)
  const unknown = wanted.find((name) => !all.some((row) => isBelow(row, [name])))
  if (unknown !== undefined) throw new UsageError(`KEY must be a key or a section of the configuration, got: ${unknown}`)
  const rows = all.filter((row) => isBelow(row, wanted) && !(options.changed && ['default', 'this machine'].includes(row.source)))
  if (options.json) console.log(JSON.stringify(Object.fromEntries(rows.map(({ key, value, source }) => [key, { value, source }])), null, 2))
  else process.stdout.write(table(rows.map(({ key, value, source }) => [key, source, text(value)])))
  for (const warning of loaded.warnings) process.stderr.write(`broker: ${warning}\n`)
}

export function addConfigShow(parent: Command): void {
  const command = parent
    .command('show', { isDefault: true })
    .description('Print the configuration in effect: each key, where its value comes from, the value. Secrets are not shown.')
    .argument('[key...]', 'keys or sections; all of them without')
  addConfigFlags(command)
    .option('--changed', 'only what is not as it is by default')
    .option('--json', 'print {"<key>": {"value", "source"}, …}')
    .addHelpText('after', `
It takes the flags of broker start, and reads the same file and variables.

Examples:
  $ broker config
  $ broker config limits timeouts.drainMs
  $ broker config --config broker.yaml --changed`)
    .action(run)
}
