/** Checks of `broker doctor` on machines that are made up, each with what it says and what to do. */

import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'tap'
import { parseConfig } from '../../../../src/config/parse.js'
import { UnreachableError, type ApiAnswer } from '../../../../src/cli/api-client.js'
import { brokerChecks } from '../../../../src/cli/doctor/broker-checks.js'
import type { Found, Patient } from '../../../../src/cli/doctor/check.js'
import { kernelChecks } from '../../../../src/cli/doctor/kernel-checks.js'
import { processChecks } from '../../../../src/cli/doctor/process-checks.js'
import type { EngineOptions } from '../../../../src/native/binding.js'

const options = {
  io: 'uring', shards: 1, limits: { connectionsMax: 10_000, sendBufferBytes: 65_536, logBytesMax: 2 ** 28, receiveBufferBytesMax: 2 ** 28 },
  grpc: { bufferBytesMax: 2 ** 28 }, retain: { topics: [], bytesMax: 0 }, listeners: [],
} as unknown as EngineOptions

interface Asked {
  readonly files?: Readonly<Record<string, string>>
  readonly options?: object | null
  readonly config?: object
  readonly answers?: Readonly<Record<string, Partial<ApiAnswer>>>
}

function patient({ files = {}, options: others = {}, config = {}, answers = {} }: Asked): Patient {
  return {
    read: (path) => files[path] ?? null,
    config: parseConfig({ api: null, ...config }, () => null),
    options: others === null ? null : { ...options, ...others } as EngineOptions,
    api: {
      url: new URL('http://localhost:8000/'),
      async ask(path) {
        const answer = answers[path]
        if (answer === undefined) throw new UnreachableError('nobody')
        return { status: 200, headers: {}, body: '', ...answer }
      },
    },
  }
}

const all = [...kernelChecks, ...processChecks, ...brokerChecks]

async function look(name: string, asked: Asked): Promise<Found> {
  const check = all.find((each) => each.name === name)
  if (check === undefined) throw new Error(`no check is called ${name}`)
  return check.look(patient(asked))
}

const net = '/proc/sys/net/ipv4'

test('each of them: what is wrong, and what mends it', async (t) => {
  const rows: [name: string, asked: Asked, level: Found['level'], says: RegExp][] = [
    ['kernel', { files: { '/proc/sys/kernel/osrelease': '6.1.0-18-amd64' } }, 'good', /Linux 6.1.0/],
    ['kernel', { files: { '/proc/sys/kernel/osrelease': '4.19.0' } }, 'warn', /4\.19.*5\.4/],
    ['kernel', {}, 'fail', /no \/proc/],
    ['io_uring', {}, 'good', /used/],
    ['io_uring', { options: { io: 'epoll' }, files: { '/proc/sys/kernel/io_uring_disabled': '2' } }, 'hint', /io_uring_disabled is 2.*sysctl/],
    ['io_uring', { options: null }, 'good', /not known/],
    ['CPUs', { options: { shards: 64 } }, 'warn', /64 shards on .* take turns.*shards: /],
    ['CPU governor', { files: { '/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor': 'powersave' } }, 'hint', /cpupower/],
    ['CPU governor', {}, 'good', /none here/],
    ['accept queue', { files: { '/proc/sys/net/core/somaxconn': '128' } }, 'warn', /is 128.*somaxconn=4096/],
    ['accept queue', { files: { '/proc/sys/net/core/somaxconn': '4096' } }, 'good', /4096/],
    ['SYN queue', { files: { [`${net}/tcp_max_syn_backlog`]: '256' } }, 'hint', /256.*sysctl/],
    ['local ports', { files: { [`${net}/ip_local_port_range`]: '32768\t40000' } }, 'hint', /at most 7233 .*sysctl/],
    ['local ports', { files: { [`${net}/ip_local_port_range`]: '32768\t60999' } }, 'good', /28232/],
    ['congestion control', { files: { [`${net}/tcp_congestion_control`]: 'reno', [`${net}/tcp_available_congestion_control`]: 'reno cubic' } }, 'hint', /reno, of reno cubic.*=cubic/],
    ['congestion control', { files: { [`${net}/tcp_congestion_control`]: 'bbr' } }, 'good', /bbr/],
    ['memory for sockets', { files: { [`${net}/tcp_mem`]: '100 200 3000' } }, 'warn', /allows 11 MiB.*take 125.*tcp_mem="16000 32000 64000"/],
    ['memory for sockets', { files: { [`${net}/tcp_mem`]: '1000 2000 300000' } }, 'good', /1171 MiB/],
    ['open files', { options: { limits: { ...options.limits, connectionsMax: 900 } } }, 'warn', /only 900 .*LimitNOFILE/],
    ['open files', { options: { limits: { ...options.limits, connectionsMax: 900 } }, config: { limits: { connectionsMax: 900 } } }, 'good', /900/],
    ['threads', { files: { '/proc/self/limits': 'Max processes             5                    5       processes' } }, 'fail', /is 5, 13 .*ulimit -u/],
    ['threads', { files: { '/proc/self/limits': 'Max processes             unlimited            unlimited' } }, 'good', /unlimited/],
    ['memory', { options: { limits: { ...options.limits, logBytesMax: 2 ** 46 } } }, 'warn', /take \d+ at most.*leave limits/],
    ['swap', { files: { '/proc/meminfo': 'SwapTotal: 1000000 kB\nSwapFree: 500000 kB\nMemAvailable: 2048000 kB\n' } }, 'hint', /488 MiB are swapped out, 2000 MiB/],
    ['swap', { files: { '/proc/meminfo': 'SwapTotal: 0 kB\nSwapFree: 0 kB\nMemAvailable: 2048000 kB\n' } }, 'good', /^0 MiB/],
    ['running broker', {}, 'good', /none answers/],
    ['running broker', { answers: { live: {}, ready: {} } }, 'good', /live and ready/],
    ['running broker', { answers: { live: { status: 503, body: 'no turn of shard 1' } } }, 'fail', /503 .*shard 1.*USR2/],
    ['running broker', { answers: { live: {}, ready: { status: 503, body: 'logs 90 %' } } }, 'warn', /not ready: logs 90 %.*top/],
    ['clock', { files: { '/run/systemd/timesync/synchronized': '' } }, 'good', /kept by the network/],
    ['clock', {}, 'hint', /not known.*timedatectl/],
    ['clock', { answers: { live: { headers: { date: new Date(Date.now() + 3_600_000).toUTCString() } } } }, 'warn', /3[56]\d\d s ahead of this one/],
    ['clock', { answers: { live: { headers: { date: new Date(Date.now() - 3_600_000).toUTCString() } } } }, 'warn', /36\d\d s behind this one/],
  ]
  for (const [name, asked, level, says] of rows) {
    const found = await look(name, asked)
    t.equal(found.level, level, `${name}: ${found.got}`)
    t.match(`${found.got} ${found.todo ?? ''}`, says, name)
    t.equal(found.todo === null, level === 'good', 'what is not good says what to do')
  }
  t.strictSame([...new Set(rows.map(([name]) => name))].sort(), all.map(({ name }) => name).filter((name) => !['ports', 'disk', 'CPU quota'].includes(name)).sort())
})

test('ports: free, taken by somebody, taken by a broker', async (t) => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port } = holder.address() as AddressInfo
  const listeners = [{ address: '127.0.0.1', port, optional: false }]
  const taken = await look('ports', { options: { listeners } })
  t.match(taken, { level: 'fail', got: `127.0.0.1:${port}: address already in use (EADDRINUSE)`, todo: `ss -ltnp 'sport = :${port}' says who listens there` })
  t.match(await look('ports', { options: { listeners }, answers: { live: { body: '{"status":"live"}' } } }), { level: 'good', got: 'taken by a broker that runs' })
  t.match(await look('ports', { options: { listeners }, answers: { live: { body: 'hello' } } }), { level: 'fail' }, 'by something else that answers')
  holder.close()
  await once(holder, 'close')
  t.match(await look('ports', { options: { listeners } }), { level: 'good', got: `free: ${port}` })
  t.match(await look('ports', { options: { listeners: [{ address: '192.0.2.1', port, optional: true }] } }), { level: 'good' }, 'an address that may be absent')
})

test('CPU time and disk of this machine', async (t) => {
  for (const name of ['CPU quota', 'disk', 'memory']) t.ok(['good', 'hint', 'warn'].includes((await look(name, {})).level), name)
})
