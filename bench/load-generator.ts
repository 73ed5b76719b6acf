/** Runs the C++ load generator (bench/load) against a server and returns what it measured. */

import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { endWithUs } from './children.js'
import { benchFolder, binFolder } from './paths.js'
import type { Server } from './server.js'

/** Of µs; empty when nothing was delivered. */
export interface Distribution {
  readonly mean?: number
  readonly p50?: number
  readonly p90?: number
  readonly p99?: number
  readonly p999?: number
  readonly max?: number
}

export interface LoadRound {
  readonly totalUs: number
  readonly spreadUs: number
  readonly wallUs: number
}

/** What the generator prints; which members are there depends on the scenario. */
export interface LoadResult {
  readonly scenario: string
  readonly ok: boolean
  readonly parameters: Readonly<Record<string, number>>
  readonly faults?: Readonly<Record<string, number>>
  readonly deliveries?: number
  readonly totalUs?: Distribution
  readonly spreadUs?: Distribution
  readonly deliveryUs?: Distribution
  readonly deliveriesPerSecond?: number
  readonly handshakesPerSecond?: number
  readonly serverCpuUsPerDelivery?: number | null
  readonly serverCpuUsPerHandshake?: number | null
  readonly serverBusyPercent?: number | null
  readonly serverWaitedPercent?: number | null
  readonly clientBusyPercent?: number
  readonly clientWaitedPercent?: number
  readonly curveUs?: readonly number[]
  readonly rounds?: readonly LoadRound[]
}

type LoadProcess = ChildProcessByStdio<Writable, Readable, Readable>

/** @throws when the compiler fails; its output is shown as it comes. */
export function buildLoadGenerator(): void {
  const { status } = spawnSync('make', ['--silent', '-C', join(benchFolder, 'load')], { stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('make -C bench/load failed (a C++20 compiler and make are needed)')
}

function spawnLoad(server: Server, cpu: number, args: readonly string[]): LoadProcess {
  const { publish, subscribe } = server.ports
  const common = [
    '--cpu', String(cpu), '--server-pid', String(server.pid),
    '--publish', `ws://127.0.0.1:${publish}/{topic}`, '--subscribe', `ws://127.0.0.1:${subscribe}/{topic}`,
  ]
  return endWithUs(spawn(join(binFolder, 'load'), [...args, ...common], { stdio: ['pipe', 'pipe', 'pipe'] }))
}

function describeFaults(faults: Readonly<Record<string, number>> = {}): string {
  const found = Object.entries(faults).filter(([, count]) => count > 0)
  return found.length === 0 ? 'not everything was delivered in time' : found.map(([name, count]) => `${count} ${name}`).join(', ')
}

/** @throws when the run could not be made, or when a delivery was missing or wrong: such figures are not used. */
async function result(child: LoadProcess, lines: Interface): Promise<LoadResult> {
  let said = ''
  let last = ''
  child.stderr.on('data', (chunk: Buffer) => { said += chunk.toString() })
  lines.on('line', (line) => { last = line })
  await once(child, 'close')
  if (last === '') throw new Error(said.trim() || `the load generator ended by ${child.signalCode ?? child.exitCode}`)
  const measured = JSON.parse(last) as LoadResult
  if (!measured.ok) throw new Error(describeFaults(measured.faults))
  return measured
}

export function runLoad(server: Server, cpu: number, args: readonly string[]): Promise<LoadResult> {
  const child = spawnLoad(server, cpu, args)
  return result(child, createInterface(child.stdout))
}

/** Connections that are held until `close`, for looking at the server meanwhile. */
export async function holdConnections(server: Server, cpu: number, count: number) {
  const child = spawnLoad(server, cpu, ['idle', '--connections', String(count)])
  const lines = createInterface(child.stdout)
  const ended = result(child, lines)
  await Promise.race([once(lines, 'line'), ended])
  return {
    close: async (): Promise<LoadResult> => {
      child.stdin.end()
      return ended
    },
  }
}
