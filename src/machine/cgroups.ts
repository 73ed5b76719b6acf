/**
 * What the control groups of this process leave it: a container's limits, or a systemd unit's. Versions 1 and 2; the tightest of
 * the group and all groups around it that can be seen from here.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface CgroupLimits {
  /** Bytes of memory, or null: no limit is known. */
  readonly memoryBytes: number | null
  /** CPUs' worth of time, not a whole number in general, or null. */
  readonly cpus: number | null
}

/** A hierarchy as it is mounted: `root` is the group that stands at `point`. */
interface Mount {
  readonly version: 1 | 2
  readonly controllers: readonly string[]
  readonly root: string
  readonly point: string
}

type ReadFile = (path: string) => string | null

/** Version 1 says 2^63 less a page for no limit. */
const memoryCeiling = 2 ** 60

/** In mountinfo a blank is `\040`. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(parseInt(digits, 8)))
}

/** proc(5): `32 31 0:29 /root /mount/point opts optional… - type source superoptions`. */
function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line): Mount[] => {
    const [before = '', after = ''] = line.split(' - ')
    const [, , , root = '', point = ''] = before.split(' ')
    const [type = '', , options = ''] = after.split(' ')
    if (type !== 'cgroup' && type !== 'cgroup2') return []
    const controllers = type === 'cgroup' ? options.split(',') : []
    return [{ version: type === 'cgroup' ? 1 : 2, controllers, root: unescapeOctal(root), point: unescapeOctal(point) }]
  })
}

/** The process's group in a hierarchy, as /proc/self/cgroup has it: `4:cpu,cpuacct:/a/b`, and `0::/a/b` of version 2. */
function groupIn(groups: string, mount: Mount): string | null {
  for (const line of groups.split('\n')) {
    const [, id, controllers = '', path = ''] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? []
    if (id === undefined) continue
    const named = controllers.split(',')
    if (mount.version === 2 ? id === '0' && controllers === '' : mount.controllers.some((each) => each !== '' && named.includes(each))) return path
  }
  return null
}

/** The folders of the group and of all around it, the innermost first. */
function foldersOf(mount: Mount, group: string): string[] {
  const root = mount.root === '/' ? '' : mount.root
  // What is mounted may be another group's, or the group may be outside (`/..`): then the mount's own is the best that is known.
  const inside = group === root || group.startsWith(`${root}/`) ? group.slice(root.length) : ''
  const names = inside.split('/').filter((name) => name !== '')
  if (names.includes('..')) return [mount.point]
  return Array.from({ length: names.length + 1 }, (_, up) => [mount.point, ...names.slice(0, names.length - up)].join('/'))
}

function bytesIn(text: string | null | undefined): number[] {
  const bytes = /^\d+$/.test(text?.trim() ?? '') ? Number(text) : Infinity
  return bytes < memoryCeiling ? [bytes] : []
}

function shareOf(quota: string | undefined, period: string | undefined): number[] {
  const cpus = Number(quota) / Number(period)
  return cpus > 0 && Number.isFinite(cpus) ? [cpus] : []
}

/** Where the limits of one folder are. What does not exist, or says that there is none, gives nothing. */
function memoryLimits(read: ReadFile, folder: string): number[] {
  const stat = read(`${folder}/memory.stat`) ?? ''
  return [
    ...bytesIn(read(`${folder}/memory.max`)), ...bytesIn(read(`${folder}/memory.high`)), ...bytesIn(read(`${folder}/memory.limit_in_bytes`)),
    // Also of groups around it that are not mounted here.
    ...bytesIn(/^hierarchical_memory_limit (\d+)$/m.exec(stat)?.[1]),
  ]
}

function cpuLimits(read: ReadFile, folder: string): number[] {
  const [quota, period] = (read(`${folder}/cpu.max`) ?? '').trim().split(' ')
  const [oldQuota, oldPeriod] = ['quota', 'period'].map((name) => read(`${folder}/cpu.cfs_${name}_us`)?.trim())
  return [...shareOf(quota, period), ...shareOf(oldQuota, oldPeriod)]
}

function least(limits: readonly number[]): number | null {
  return limits.length === 0 ? null : Math.min(...limits)
}

/** `fileSystem`: where / is, for tests. A system without control groups, or without /proc, limits nothing. */
export function cgroupLimits(fileSystem = '/'): CgroupLimits {
  const read: ReadFile = (path) => {
    try {
      return readFileSync(join(fileSystem, path), 'utf8')
    } catch {
      return null
    }
  }
  const groups = read('/proc/self/cgroup') ?? ''
  const mounts = parseMounts(read('/proc/self/mountinfo') ?? '')
  const folders = (controller: string) => mounts.filter((mount) => mount.version === 2 || mount.controllers.includes(controller)).flatMap((mount) => {
    const group = groupIn(groups, mount)
    return group === null ? [] : foldersOf(mount, group)
  })
  return {
    memoryBytes: least(folders('memory').flatMap((folder) => memoryLimits(read, folder))),
    cpus: least(folders('cpu').flatMap((folder) => cpuLimits(read, folder))),
  }
}
