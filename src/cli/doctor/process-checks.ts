/** What this process may have: files, threads, memory, CPU time, disk. */

import { statfsSync } from 'node:fs'
import { totalmem } from 'node:os'
import { cgroupLimits } from '../../machine/cgroups.js'
import { processBytes } from '../../machine/memory-shares.js'
import { bad, good, type Check, type Found, type Patient } from './check.js'

const MiB = 2 ** 20
const connectionsWanted = 4000
/** Threads beside the shards: Node's own. */
const otherThreads = 12
const freeShareLeast = 0.05
const swappedMiBMost = 100

const notKnown = good('not known here')

function openFiles({ options, config }: Patient): Found {
  if (options === null) return notKnown
  const { connectionsMax } = options.limits
  const got = `${connectionsMax} connections at a time`
  if (config.limits.connectionsMax !== undefined || connectionsMax >= connectionsWanted) return good(got)
  return bad('warn', `only ${got}`, 'LimitNOFILE=1048576 in the unit, --ulimit nofile=1048576 for a container; ulimit -Hn says what there is')
}

function threads({ read, options }: Patient): Found {
  const [, soft] = /^Max processes\s+(\S+)/m.exec(read('/proc/self/limits') ?? '') ?? []
  if (soft === undefined) return notKnown
  const needed = (options?.shards ?? 1) + otherThreads
  const isEnough = soft === 'unlimited' || Number(soft) >= needed
  const got = `ulimit -u is ${soft}, ${needed} are needed`
  return isEnough ? good(got) : bad('fail', got, 'ulimit -u 1024, or TasksMax= in the unit')
}

/** What the parts with a bound may take together. */
function budget({ options }: Patient): number {
  if (options === null) return processBytes
  const { limits, grpc, retain } = options
  return processBytes + limits.logBytesMax + limits.receiveBufferBytesMax + grpc.bufferBytesMax + (retain.topics.length > 0 ? retain.bytesMax : 0)
}

function memory(patient: Patient): Found {
  const { memoryBytes } = cgroupLimits()
  const there = Math.min(totalmem(), memoryBytes ?? Infinity)
  const wanted = budget(patient)
  const where = memoryBytes === null ? 'the machine has' : 'the control group allows'
  const got = `${where} ${Math.floor(there / MiB)} MiB; logs, buffers and the process take ${Math.ceil(wanted / MiB)} at most`
  if (there < processBytes * 3 / 2) return bad('warn', got, `${Math.ceil(processBytes * 3 / MiB)} MiB: the process alone takes about ${processBytes / MiB}`)
  return wanted <= there ? good(got) : bad('warn', got,
    'leave limits.logBytesMax, limits.receiveBufferBytesMax and grpc.bufferBytesMax out: their defaults follow the memory')
}

function swap({ read }: Patient): Found {
  const text = read('/proc/meminfo') ?? ''
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) / 1024
  const used = Math.round(field('SwapTotal') - field('SwapFree'))
  const got = `${used} MiB are swapped out, ${Math.round(field('MemAvailable'))} MiB are available`
  return used > swappedMiBMost ? bad('hint', got, 'latency.lockMemory: true keeps the broker in memory') : good(got)
}

function cpuQuota({ config }: Patient): Found {
  const { cpus } = cgroupLimits()
  if (cpus === null) return good('none')
  const got = `the time of ${Number(cpus.toFixed(2))} CPUs`
  if (config.profile === 'latency') return bad('warn', `${got}, and profile is latency: shards that spin are stopped for the rest of a period`,
    'profile: default, or no quota')
  return cpus < 1 ? bad('hint', `${got}: a burst waits for the next period`, 'give it a whole CPU') : good(got)
}

function disk(): Found {
  const { blocks, bavail, bsize } = statfsSync('.')
  const share = blocks === 0 ? 1 : bavail / blocks
  const got = `${Math.floor(bavail * bsize / MiB)} MiB (${Math.round(share * 100)} %) are free here`
  return share < freeShareLeast ? bad('warn', got, 'du -xh --max-depth=1 / | sort -h says what takes it; a log that cannot be written is lost') : good(got)
}

export const processChecks: readonly Check[] = [
  { name: 'open files', look: openFiles }, { name: 'threads', look: threads }, { name: 'memory', look: memory }, { name: 'swap', look: swap },
  { name: 'CPU quota', look: cpuQuota }, { name: 'disk', look: disk },
]
