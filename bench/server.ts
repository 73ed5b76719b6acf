/** One arm's server process: started pinned to a core, ready when its ports accept, ended by its own pid. */

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type NetConnectOpts } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Family, Ports, Urls } from './arm-urls.js'
import { urlsOf, type Arm } from './arms.js'
import { endWithUs } from './children.js'

const startMsMax = 10_000
const endMsMax = 3000
const stderrBytesMax = 2000

export interface Server extends AsyncDisposable {
  readonly pid: number
  readonly urls: Urls
  /** Resident bytes of the process now. */
  residentBytes(): number
  /** What it wrote to stderr when it has ended by itself; null while it runs. */
  lastWords(): string | null
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

function accepts(where: NetConnectOpts): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(where)
    socket.once('connect', () => { socket.destroy(); resolve(true) })
    socket.once('error', () => resolve(false))
  })
}

/** One place or two. */
function placesIn({ publish, subscribe }: Urls): readonly NetConnectOpts[] {
  return [...new Set([publish, subscribe])].map((url) => {
    if (url.startsWith('unix:')) return { path: url.slice('unix:'.length) }
    return { host: '127.0.0.1', port: Number(/:(\d+)\//.exec(url)?.[1]) }
  })
}

async function allAccept(places: readonly NetConnectOpts[]): Promise<boolean> {
  for (const place of places) if (!(await accepts(place))) return false
  return true
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), endMsMax)
  await exited
  clearTimeout(timer)
}

/** @throws when it ends or does not listen in time; the message carries what it wrote to stderr. */
export async function startServer(arm: Arm, family: Family, cpu: number): Promise<Server> {
  const ports: Ports = { publish: await freePort(), subscribe: await freePort(), pusher: await freePort() }
  const urls = urlsOf(arm, family)?.(ports)
  if (urls === undefined) throw new Error(`${arm.name} takes no part in ${family} scenarios`)
  const child = spawn('taskset', ['-c', String(cpu), ...arm.command(ports, family)], { stdio: ['ignore', 'ignore', 'pipe'] })
  endWithUs(child)
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => { said = (said + chunk.toString()).slice(-stderrBytesMax) })
  const failed = new Promise<never>((_, reject) => child.once('error', reject))
  failed.catch(() => {})
  const deadline = Date.now() + startMsMax
  const used = placesIn(urls)
  while (!(await Promise.race([failed, allAccept(used)]))) {
    const ended = hasEnded(child)
    if (ended || Date.now() > deadline) {
      await end(child)
      throw new Error(`${arm.name} ${ended ? 'ended' : 'did not listen in time'}: ${said.trim() || 'no output'}`)
    }
    await sleep(20)
  }
  const pid = child.pid as number
  return {
    pid,
    urls,
    residentBytes: () => readResidentBytes(pid),
    lastWords: () => hasEnded(child) ? said.trim().replaceAll(/\s+/g, ' ') || 'no output' : null,
    [Symbol.asyncDispose]: async () => {
      await end(child)
      for (const place of used) if ('path' in place) rmSync(place.path, { force: true })
    },
  }
}

/** Of a process and those it has started. */
function readResidentBytes(pid: number): number {
  const kibibytes = /^Rss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]
  if (kibibytes === undefined) throw new Error(`no resident size in /proc/${pid}/smaps_rollup`)
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter((each) => each !== '').map(Number)
  return children.reduce((sum, child) => sum + readResidentBytes(child), Number(kibibytes) * 1024)
}
