#!/usr/bin/env node
/**
 * The command `broker`. Node loads everything else with threads and descriptors, and aborts with a stack where it gets no thread: so this
 * file, which needs neither, looks first whether there are enough of both to come as far as an error message. CommonJS, because
 * that is loaded without a thread.
 */

const fs = require('node:fs') as typeof import('node:fs')

/** Loading takes about a hundred; what `broker start` itself needs is looked at by src/open-files.ts. */
const openFilesMin = 128
/** With more tasks than this allowed nobody counts them: reading /proc takes a while. */
const tasksLookedAt = 1024
/** CAP_SYS_ADMIN and CAP_SYS_RESOURCE are above the limit of processes. */
const exempting = (1n << 21n) | (1n << 24n)

function read(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function fieldOf(text: string, name: string): string {
  return new RegExp(`^${name}[:\\s]+(\\S+)`, 'm').exec(text)?.[1] ?? ''
}

/** Infinity where there is none. */
function numberOf(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Infinity
}

/** The threads of all processes of this user, as RLIMIT_NPROC counts them. */
function tasksOf(uid: string): number {
  const statuses = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => read(`/proc/${name}/status`))
  return statuses.filter((status) => fieldOf(status, 'Uid') === uid).reduce((sum, status) => sum + Number(fieldOf(status, 'Threads')), 0)
}

/** How many more threads the user may have. */
function threadsOfUser(): number {
  const most = numberOf(fieldOf(read('/proc/self/limits'), 'Max processes'))
  const status = read('/proc/self/status')
  const uid = fieldOf(status, 'Uid')
  const exempt = uid === '0' || (BigInt(`0x${fieldOf(status, 'CapEff') || '0'}`) & exempting) !== 0n
  return exempt || most > tasksLookedAt ? Infinity : most - tasksOf(uid)
}

/** How many more the control group may have (version 2). */
function threadsOfGroup(): number {
  const group = /^0::(.*)$/m.exec(read('/proc/self/cgroup'))?.[1] ?? '/'
  const folder = [`/sys/fs/cgroup${group}`, '/sys/fs/cgroup'].find((each) => fs.existsSync(`${each}/pids.max`))
  if (folder === undefined) return Infinity
  return numberOf(read(`${folder}/pids.max`).trim()) - Number(read(`${folder}/pids.current`))
}

/** What is missing, or null. */
function shortage(): string | null {
  const openFiles = numberOf(fieldOf(read('/proc/self/limits'), 'Max open files'))
  if (openFiles < openFilesMin) return `the limit of open files must be at least ${openFilesMin}, and for broker start about 200 (ulimit -n), got: ${openFiles}`
  const pool = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4) || 4
  const threads = Math.min(threadsOfUser(), threadsOfGroup())
  if (threads >= pool) return null
  return `there must be room for ${pool} more threads, raise the limit of processes (ulimit -u, or pids.max of the control group), got: ${Math.max(0, threads)}`
}

const missing = process.platform === 'linux' ? shortage() : null
if (missing === null) {
  void import('./main.js')
} else {
  const asJson = process.argv.some((arg, at, all) => arg === '--log-format=json' || (arg === 'json' && all[at - 1] === '--log-format'))
  const line = { level: 'error', time: new Date().toISOString(), pid: process.pid, event: 'failed', msg: missing }
  fs.writeSync(2, asJson ? `${JSON.stringify(line)}\n` : `broker: ${missing}\n`)
  process.exitCode = 1
}
