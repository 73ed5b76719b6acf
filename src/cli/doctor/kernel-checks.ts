/** What the kernel and its settings allow. */

import { availableParallelism } from 'node:os'
import type { EngineOptions } from '../../native/binding.js'
import { bad, good, type Check, type Found, type Patient } from './check.js'

/** The backlog the engine asks for. */
const backlog = 4096
const synBacklogLeast = 1024
const portsLeast = 25_000
const pageBytes = 4096
const MiB = 2 ** 20
const oldestKernel = [5, 4] as const

const notKnown = good('not known here')

function numberAt({ read }: Patient, path: string): number | null {
  const text = read(path)
  return text !== null && /^\d+$/.test(text) ? Number(text) : null
}

function kernel({ read }: Patient): Found {
  const release = read('/proc/sys/kernel/osrelease')
  if (release === null) return bad('fail', `no /proc of Linux (${process.platform})`, 'run it on Linux')
  const [major = 0, minor = 0] = release.split('.').map(Number)
  const isOld = major < oldestKernel[0] || (major === oldestKernel[0] && minor < oldestKernel[1])
  return isOld ? bad('warn', `Linux ${release}`, `a kernel from ${oldestKernel.join('.')} on: nothing older is tested`) : good(`Linux ${release}`)
}

function uring({ read, options }: Patient): Found {
  if (options === null) return notKnown
  if (options.io === 'uring') return good('io_uring is used')
  const disabled = read('/proc/sys/kernel/io_uring_disabled')
  const why = disabled === null || disabled === '0' ? 'a sandbox, an old kernel or io: epoll' : `kernel.io_uring_disabled is ${disabled}`
  return bad('hint', `epoll is used, one system call a write (${why})`,
    'sysctl -w kernel.io_uring_disabled=0, or a seccomp profile that allows io_uring_setup and io_uring_enter')
}

function somaxconn(patient: Patient): Found {
  const most = numberAt(patient, '/proc/sys/net/core/somaxconn')
  if (most === null) return notKnown
  const got = `net.core.somaxconn is ${most}`
  return most >= backlog ? good(got) : bad('warn', `${got}: of clients that come at once some wait for seconds`, `sysctl -w net.core.somaxconn=${backlog}`)
}

function synBacklog(patient: Patient): Found {
  const most = numberAt(patient, '/proc/sys/net/ipv4/tcp_max_syn_backlog')
  if (most === null) return notKnown
  const got = `net.ipv4.tcp_max_syn_backlog is ${most}`
  return most >= synBacklogLeast ? good(got) : bad('hint', got, `sysctl -w net.ipv4.tcp_max_syn_backlog=${backlog}`)
}

function congestion({ read }: Patient): Found {
  const used = read('/proc/sys/net/ipv4/tcp_congestion_control')
  if (used === null) return notKnown
  const got = `${used}, of ${read('/proc/sys/net/ipv4/tcp_available_congestion_control') ?? used}`
  return used === 'reno' ? bad('hint', got, 'sysctl -w net.ipv4.tcp_congestion_control=cubic') : good(got)
}

function localPorts({ read }: Patient): Found {
  const [first = NaN, last = NaN] = (read('/proc/sys/net/ipv4/ip_local_port_range') ?? '').split(/\s+/).map(Number)
  const count = last - first + 1
  if (!(count > 0)) return notKnown
  const got = `${first} to ${last}: a proxy on this machine has at most ${count} connections to one port of the broker`
  return count >= portsLeast ? good(got) : bad('hint', got, 'sysctl -w net.ipv4.ip_local_port_range="1024 65535" where there is a proxy')
}

/** What 1000 subscribers take that do not read; the kernel doubles what it is asked for. */
function stuckBytes({ limits: { connectionsMax, sendBufferBytes } }: EngineOptions): number {
  return Math.min(connectionsMax, 1000) * sendBufferBytes * 2
}

function socketMemory({ read, options }: Patient): Found {
  const pages = Number((read('/proc/sys/net/ipv4/tcp_mem') ?? '').split(/\s+/)[2])
  if (!(pages > 0) || options === null) return notKnown
  const [most, wanted] = [pages * pageBytes, stuckBytes(options)]
  const got = `net.ipv4.tcp_mem allows ${Math.floor(most / MiB)} MiB in all sockets; 1000 subscribers that do not read take ${Math.ceil(wanted / MiB)}`
  const needed = Math.ceil(wanted / pageBytes)
  return most >= wanted ? good(got) : bad('warn', got,
    `sysctl -w net.ipv4.tcp_mem="${Math.ceil(needed / 2)} ${needed} ${needed * 2}", or a smaller limits.sendBufferBytes`)
}

function governor({ read }: Patient): Found {
  const used = read('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor')
  if (used === null) return good('none here, as in virtual machines')
  return used === 'powersave' ? bad('hint', 'powersave: the first message after a rest waits for the CPU', 'cpupower frequency-set -g performance') : good(used)
}

function cpus({ options }: Patient): Found {
  if (options === null) return notKnown
  const there = availableParallelism()
  const got = `${options.shards} ${options.shards === 1 ? 'shard' : 'shards'} on ${there} ${there === 1 ? 'CPU' : 'CPUs'}`
  return options.shards > there ? bad('warn', `${got}: they take turns`, `shards: ${Math.max(1, there - 1)}`) : good(got)
}

export const kernelChecks: readonly Check[] = [
  { name: 'kernel', look: kernel }, { name: 'io_uring', look: uring }, { name: 'CPUs', look: cpus }, { name: 'CPU governor', look: governor },
  { name: 'accept queue', look: somaxconn }, { name: 'SYN queue', look: synBacklog }, { name: 'local ports', look: localPorts },
  { name: 'congestion control', look: congestion }, { name: 'memory for sockets', look: socketMemory },
]
