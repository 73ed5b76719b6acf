/** `broker config init`: a file with every key, commented out, as it is by default. */

import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { keyReference, type KeyReference } from '../config/reference.js'
import { describeSystemError } from '../endpoint.js'
import { CommandError, UsageError } from './exit.js'

interface InitOptions {
  readonly force?: true
}

const head = `# Configuration of broker start: every key, as it is by default. Take the # away from what shall be different.
# The same keys as variables: limits.messageBytesMax is BROKER_LIMITS_MESSAGE_BYTES_MAX. Flags win over variables, variables over this file.
# Sizes may be written as 64KiB or 1MB, times as 500ms, 10s, 5m or 1h. A wrong key or value ends the broker before anything is bound.
#   broker config --config FILE        what is in effect, and where it comes from
#   broker config check FILE           whether it is right
`

/** JSON is YAML, too. */
function valueText({ usual }: KeyReference): string {
  return usual === undefined ? '' : ` ${JSON.stringify(usual)}`
}

function commentOf({ must, usual }: KeyReference): string {
  return usual === undefined ? `${must} (default: none, or as the machine has it)` : must
}

function isSection({ must }: KeyReference): boolean {
  return must === 'a section of keys'
}

/** Names of the sections of a path that the key before was not in, a line each. */
function openings(sections: readonly string[], before: readonly string[]): string[] {
  const shared = sections.findIndex((key, at) => before[at] !== key)
  return shared === -1 ? [] : sections.slice(shared).map((key, at) => `# ${'  '.repeat(at + shared)}${key}:`)
}

/** The file's text. */
export function configTemplate(): string {
  const lines: string[] = [head]
  let before: readonly string[] = []
  for (const key of keyReference()) {
    const sections = key.path.slice(0, -1)
    const written = `# ${'  '.repeat(sections.length)}${key.path.at(-1)}:${isSection(key) ? '' : valueText(key)}`
    const comment = isSection(key) ? 'off by default: null' : commentOf(key)
    if (key.path[0] !== before[0]) lines.push('')
    lines.push(...openings(sections, before), `${written.padEnd(44)} # ${comment}`)
    before = isSection(key) || sections.length === 0 ? key.path : sections
  }
  return `${lines.join('\n')}\n`
}

function run(file: string, { force }: InitOptions): void {
  if (file === '-') return void process.stdout.write(configTemplate())
  try {
    writeFileSync(file, configTemplate(), { flag: force ? 'w' : 'wx', mode: 0o640 }) // it may get secrets
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw new UsageError(`FILE must not be there yet (or: --force), got: ${file}`)
    throw new CommandError(`cannot write ${file}: ${describeSystemError(code)}`)
  }
  console.log(`wrote ${file}: change it, then broker start --config ${file}`)
}

export function addConfigInit(parent: Command): void {
  parent
    .command('init')
    .description('Write a configuration file with every key, commented out, as it is by default.')
    .argument('[file]', 'where to; - is standard output', 'broker.yaml')
    .option('--force', 'write over a file that is there')
    .action(run)
}
