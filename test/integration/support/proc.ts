/** What Linux says about processes and sockets. */

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const msPerTick = 10 // USER_HZ is 100 on every Linux that runs Node

/** CPU time of a process so far, in milliseconds. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * msPerTick // utime, stime
}

/** Sets the soft limit of open files of a running process; the hard one stays. */
export function limitOpenFiles(pid: number, soft: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:`])
}

/** Leaves a running process exactly `spare` more descriptors: the limit is on their numbers, which may have gaps. */
export function leaveOpenFiles(pid: number, spare: number): void {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number))
  let limit = 0
  for (let free = 0; free < spare; limit += 1) if (!used.has(limit)) free += 1
  limitOpenFiles(pid, limit)
}

/** Bytes the kernel holds for sending on the socket between two ports of 127.0.0.1; null when there is none. */
export function sendQueueBytes(localPort: number, remotePort: number): number | null {
  const hex = (port: number) => `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const [, local, remote, , queues = ''] = line.trim().split(/\s+/)
    if (local === hex(localPort) && remote === hex(remotePort)) return Number.parseInt(queues, 16)
  }
  return null
}

/** Memory of a process that is in RAM now, in bytes. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}
