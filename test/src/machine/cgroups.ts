import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type Test } from 'tap'
import { cgroupLimits } from '../../../src/machine/cgroups.js'

const MiB = 2 ** 20
const noLimit = '9223372036854771712\n'

/** A file system of those files, by path. */
function limitsOf(t: Test, files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), 'cgroups-'))
  t.teardown(() => rmSync(root, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return cgroupLimits(root)
}

const mountedV2 = '24 1 0:22 / /proc rw - proc proc rw\n30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n'
const mountedV1 = [
  '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct',
  '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 master:2 - cgroup cgroup rw,memory',
  '36 31 0:33 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids', '',
].join('\n')
const v2 = (group: string) => ({ 'proc/self/mountinfo': mountedV2, 'proc/self/cgroup': `0::${group}\n` })
const v1 = (group: string) => ({
  'proc/self/mountinfo': mountedV1, 'proc/self/cgroup': `11:pids:/elsewhere\n4:memory:${group}\n3:cpu,cpuacct:${group}\n1:name=systemd:/\n0::/\n`,
})

test('version 2', async (t) => {
  t.strictSame(limitsOf(t, {
    ...v2('/app'), 'sys/fs/cgroup/app/memory.max': `${256 * MiB}\n`, 'sys/fs/cgroup/app/cpu.max': '150000 100000\n',
  }), { memoryBytes: 256 * MiB, cpus: 1.5 })
})

test('version 2: no limit is none', async (t) => {
  const files = { 'sys/fs/cgroup/app/memory.max': 'max\n', 'sys/fs/cgroup/app/memory.high': 'max\n', 'sys/fs/cgroup/app/cpu.max': 'max 100000\n' }
  t.strictSame(limitsOf(t, { ...v2('/app'), ...files }), { memoryBytes: null, cpus: null })
})

test('version 2: of nested groups the tightest counts, wherever it is', async (t) => {
  const files = {
    'sys/fs/cgroup/pod/memory.max': `${300 * MiB}\n`, 'sys/fs/cgroup/pod/app/memory.max': 'max\n', 'sys/fs/cgroup/pod/app/inner/memory.max': `${400 * MiB}\n`,
    'sys/fs/cgroup/pod/cpu.max': '800000 100000', 'sys/fs/cgroup/pod/app/cpu.max': '25000 50000', 'sys/fs/cgroup/pod/app/inner/cpu.max': 'max 100000',
    'sys/fs/cgroup/pod/other/memory.max': '1\n',
  }
  t.strictSame(limitsOf(t, { ...v2('/pod/app/inner'), ...files }), { memoryBytes: 300 * MiB, cpus: 0.5 })
})

test('version 2: memory.high slows down before memory.max ends', async (t) => {
  const files = { 'sys/fs/cgroup/app/memory.max': `${300 * MiB}`, 'sys/fs/cgroup/app/memory.high': `${200 * MiB}` }
  t.equal(limitsOf(t, { ...v2('/app'), ...files }).memoryBytes, 200 * MiB)
})

test('version 2 in a namespace of its own: the group is the root', async (t) => {
  t.equal(limitsOf(t, { ...v2('/'), 'sys/fs/cgroup/memory.max': `${128 * MiB}` }).memoryBytes, 128 * MiB)
})

test('version 1', async (t) => {
  t.strictSame(limitsOf(t, {
    ...v1('/docker/abc'), 'sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes': `${200 * MiB}\n`,
    'sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us': '100000\n', 'sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us': '50000\n',
    'sys/fs/cgroup/pids/elsewhere/memory.limit_in_bytes': '5\n',
  }), { memoryBytes: 200 * MiB, cpus: 2 })
})

test('version 1: no limit is none', async (t) => {
  t.strictSame(limitsOf(t, {
    ...v1('/a'), 'sys/fs/cgroup/memory/a/memory.limit_in_bytes': noLimit, 'sys/fs/cgroup/memory/a/memory.stat': `cache 0\nhierarchical_memory_limit ${noLimit}`,
    'sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us': '-1\n', 'sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us': '100000\n',
  }), { memoryBytes: null, cpus: null })
})

test('version 1: of nested groups the tightest counts', async (t) => {
  const files = {
    'sys/fs/cgroup/memory/a/memory.limit_in_bytes': `${100 * MiB}`, 'sys/fs/cgroup/memory/a/b/memory.limit_in_bytes': noLimit,
    'sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us': '300000', 'sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us': '100000',
    'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1', 'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000',
  }
  t.strictSame(limitsOf(t, { ...v1('/a/b'), ...files }), { memoryBytes: 100 * MiB, cpus: 3 })
})

test('version 1: a group around it that is not mounted here is known by memory.stat', async (t) => {
  const files = {
    'sys/fs/cgroup/memory/memory.limit_in_bytes': noLimit, 'sys/fs/cgroup/memory/memory.stat': `cache 0\nhierarchical_memory_limit ${50 * MiB}\nrss 1\n`,
  }
  t.equal(limitsOf(t, { ...v1('/'), ...files }).memoryBytes, 50 * MiB)
})

test('a container that has its own group mounted, and is told its whole path', async (t) => {
  const mount = '40 31 0:32 /docker/abc /sys/fs/cgroup/memory ro,relatime - cgroup cgroup rw,memory\n'
  const limits = (group: string) => limitsOf(t, {
    'proc/self/mountinfo': mount, 'proc/self/cgroup': `4:memory:${group}\n`, 'sys/fs/cgroup/memory/memory.limit_in_bytes': `${64 * MiB}`,
    'sys/fs/cgroup/memory/inner/memory.limit_in_bytes': `${32 * MiB}`,
  })
  t.equal(limits('/docker/abc').memoryBytes, 64 * MiB)
  t.equal(limits('/docker/abc/inner').memoryBytes, 32 * MiB)
  t.equal(limits('/docker/abcd').memoryBytes, 64 * MiB, 'another group: what is mounted is the best that is known')
  t.equal(limits('/../other').memoryBytes, 64 * MiB, 'outside of the namespace')
})

test('both versions side by side', async (t) => {
  const hybrid = `${mountedV1}41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n`
  t.strictSame(limitsOf(t, {
    ...v1('/a'), 'proc/self/mountinfo': hybrid, 'sys/fs/cgroup/memory/a/memory.limit_in_bytes': `${70 * MiB}`, 'sys/fs/cgroup/unified/cgroup.procs': '',
  }), { memoryBytes: 70 * MiB, cpus: null })
})

test('a mount point with a blank in its name', async (t) => {
  const files = { 'proc/self/mountinfo': '30 23 0:26 / /my\\040groups rw - cgroup2 none rw\n', 'proc/self/cgroup': '0::/a b\n' }
  t.equal(limitsOf(t, { ...files, 'my groups/a b/memory.max': '4096' }).memoryBytes, 4096)
})

test('a system without control groups, and files that say nothing sensible', async (t) => {
  t.strictSame(limitsOf(t, {}), { memoryBytes: null, cpus: null })
  t.strictSame(limitsOf(t, { 'proc/self/mountinfo': '\n1 2\n - \n', 'proc/self/cgroup': 'what\n' }), { memoryBytes: null, cpus: null })
  const odd = { 'sys/fs/cgroup/memory.max': '-5', 'sys/fs/cgroup/cpu.max': '0 0', 'sys/fs/cgroup/memory.high': '' }
  t.strictSame(limitsOf(t, { ...v2('/'), ...odd }), { memoryBytes: null, cpus: null })
})

test('of this very process', async (t) => {
  const { memoryBytes, cpus } = cgroupLimits()
  t.ok(memoryBytes === null || memoryBytes > MiB)
  t.ok(cpus === null || cpus > 0)
})
