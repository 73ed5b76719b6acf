/** The load generator's program: shipped beside the addon, built by `make` in a checkout, run as a process of its own. */

import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { packageRoot } from '../package-info.js'
import { describeFaults, type LoadResult } from './load-result.js'

export type LoadProcess = ChildProcessByStdio<Writable, Readable, Readable>

const sources = join(packageRoot, 'bench/load')
const built = join(packageRoot, 'build/bench/load')
const shipped = join(packageRoot, 'prebuilds', `${process.platform}-${process.arch}`, 'broker-load')

/**
 * The program's path. A checkout builds what changed, for this machine; an installed package has it.
 * @throws {Error} when there is none for this platform, or the compiler fails (its output is shown as it comes).
 */
export function findLoadProgram(): string {
  if (!existsSync(sources)) {
    if (existsSync(shipped)) return shipped
    throw new Error(`this package has no load generator for ${process.platform}-${process.arch} (fix: run it from a source checkout)`)
  }
  const { status } = spawnSync('make', ['--silent', '-C', sources, '-j', `${availableParallelism()}`, 'load'], { stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('make -C bench/load failed (it needs make and a C++20 compiler)')
  return built
}

export function spawnLoad(program: string, args: readonly string[]): LoadProcess {
  return spawn(program, [...args], { stdio: ['pipe', 'pipe', 'pipe'] })
}

/**
 * What a started load generator measured.
 * @throws {Error} when the run could not be made, or a delivery was missing or wrong: such figures are not used.
 */
export async function loadResult(child: LoadProcess, lines: Interface = createInterface(child.stdout)): Promise<LoadResult> {
  let said = ''
  let last = ''
  child.stderr.on('data', (chunk: Buffer) => { said += chunk.toString() })
  lines.on('line', (line) => { last = line })
  await once(child, 'close')
  if (last === '') throw new Error(said.trim().replace(/^load: /, '') || `the load generator ended by ${child.signalCode ?? child.exitCode}`)
  const measured = JSON.parse(last) as LoadResult
  if (!measured.ok) throw new Error(describeFaults(measured.faults))
  return measured
}
