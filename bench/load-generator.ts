/** Runs the C++ load generator (bench/load) against an arm's server and returns what it measured. */

import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { loadResult, spawnLoad as spawnProgram, type LoadProcess } from '../src/bench/load-program.js'
import type { LoadResult } from '../src/bench/load-result.js'
import { endWithUs } from './children.js'
import { goProgram } from './go-program.js'
import { benchFolder, binFolder } from './paths.js'
import type { Server } from './server.js'

/** Longer than any run that goes well; what is stuck must not hold up the rest. */
const runMsMax = 120_000

/** @throws when the compiler fails; its output is shown as it comes. */
export function buildLoadGenerator(): void {
  const { status } = spawnSync('make', ['--silent', '-C', join(benchFolder, 'load')], { stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('make -C bench/load failed (it needs make and a C++20 compiler)')
}

function spawnLoad(server: Server, cpu: number, args: readonly string[]): LoadProcess {
  const { publish, subscribe } = server.urls
  const common = ['--cpu', String(cpu), '--server-pid', String(server.pid), '--publish', publish, '--subscribe', subscribe]
  return endWithUs(spawnProgram(join(binFolder, 'load'), [...args, ...common]))
}

function whyItFailed(server: Server, isLate: boolean, error: unknown): unknown {
  const lastWords = server.lastWords()
  if (lastWords !== null) return new Error(`the server ended: ${lastWords}`)
  return isLate ? new Error(`took longer than ${runMsMax / 1000} s`) : error
}

/** @throws when the run could not be made, took too long, or when a delivery was missing or wrong: such figures are not used. */
async function inTime(server: Server, child: LoadProcess): Promise<LoadResult> {
  let late = false
  const timer = setTimeout(() => { late = true; child.kill('SIGKILL') }, runMsMax)
  try {
    return await loadResult(child)
  } catch (error) {
    throw whyItFailed(server, late, error)
  } finally {
    clearTimeout(timer)
  }
}

/** @throws as inTime. */
export function runLoad(server: Server, cpu: number, args: readonly string[]): Promise<LoadResult> {
  return inTime(server, spawnLoad(server, cpu, args))
}

/** The tester of bench/peers/grpc-go, which prints what the load generator does. @throws as inTime. */
export function runGoTester(server: Server, cpu: number, args: readonly string[]): Promise<LoadResult> {
  const pinned = ['-c', String(cpu), goProgram.file, 'tester', '--address', new URL(server.urls.publish).host, ...args]
  return inTime(server, endWithUs(spawnProgram('taskset', pinned)))
}

/** Connections that are held until `close`, for looking at the server meanwhile. */
export async function holdConnections(server: Server, cpu: number, count: number) {
  const child = spawnLoad(server, cpu, ['idle', '--connections', String(count)])
  const lines = createInterface(child.stdout)
  const ended = loadResult(child, lines)
  await Promise.race([once(lines, 'line'), ended])
  return {
    close: async (): Promise<LoadResult> => {
      child.stdin.end()
      return ended
    },
  }
}
