/** `npm run bench -- --micro`: builds the programs of bench/micro, which measure parts of the core alone, and shows what they print. */

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { benchFolder, binFolder } from './paths.js'

const folder = join(benchFolder, 'micro')

/** These run on every CPU: what threads cost each other is their subject. All others have one to themselves. */
const threaded: ReadonlySet<string> = new Set(['contention'])

/** By name: each *.cc is one. */
export const microPrograms = readdirSync(folder).filter((file) => file.endsWith('.cc')).map((file) => file.slice(0, -'.cc'.length)).sort()

/** @throws when the compiler fails; its output is shown as it comes. @returns the program's file. */
export function buildMicro(name: string): string {
  const file = join(binFolder, 'micro', name)
  const { status } = spawnSync('make', ['--silent', '-j', String(availableParallelism()), '-C', folder, file], { stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error(`make -C bench/micro ${file} failed (it needs make and a C++20 compiler)`)
  return file
}

/** @throws when one fails. */
export function runMicro(cpu: number): void {
  for (const [name, file] of microPrograms.map((name) => [name, buildMicro(name)] as const)) {
    const [command, args] = threaded.has(name) ? [file, []] : ['taskset', ['-c', String(cpu), file]] as const
    const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
    if (status !== 0) throw new Error(`${file} failed`)
    process.stdout.write('\n')
  }
}
