/** In a container the defaults follow its limits, and a stuck subscriber on each of a thousand topics does not end the broker. */

import { test, type Test } from 'tap'
import { startBroker, type BrokerProcess } from '../support/broker-process.js'
import { makeControlGroup } from './support/control-group.js'
import { patienceMs } from './support/eventually.js'
import { metricOf } from './support/metric.js'
import { residentBytes } from './support/proc.js'
import { openRaw } from './support/raw-client.js'
import { connect } from './support/ws-client.js'

const MiB = 2 ** 20
const topics = 1000
const body = 'x'.repeat(60_000)

const notPossible = 'no control groups of version 1 that this user may make'

/** Resolves when the logs are empty. */
async function nothingKept(broker: BrokerProcess): Promise<void> {
  const until = performance.now() + patienceMs
  while (await metricOf(broker, 'broker_log_bytes') !== 0) {
    if (performance.now() > until) throw new Error('the logs still hold something')
  }
}

/** Publishes so many bytes to all topics in turn; what the full logs refuse counts too. */
async function publishAll(broker: BrokerProcess, bytes: number): Promise<void> {
  for (let at = 0; at * body.length < bytes; at += 1) {
    const { status } = await fetch(`http://127.0.0.1:${broker.apiPort}/topics/m${at % topics}`, { method: 'POST', body })
    if (status >= 300 && status !== 503) throw new Error(`publishing was answered with ${status}`)
  }
}

async function survive(t: Test, bytes: number): Promise<void> {
  const group = makeControlGroup(t, { memory: { 'memory.limit_in_bytes': String(bytes) } })
  if (group === null) return void t.pass('a group of its own', { skip: notPossible })
  const broker = await startBroker(t, { through: group.through })
  const told = await broker.logged(({ event }) => event === 'control-group')
  t.equal(told['memoryBytes'], Math.floor(bytes / 4096) * 4096)
  const ready = await broker.logged(({ event }) => event === 'ready')
  t.ok(Number(ready['logBytesMax']) <= bytes / 4, `logs are a part of it, got: ${String(ready['logBytesMax'])}`)
  const stuck = []
  for (let number = 0; number < topics; number += 1) {
    const client = await openRaw(t, broker.subscribePort, `/m${number}`)
    client.socket.pause()
    stuck.push(client)
  }
  await publishAll(broker, Number(ready['logBytesMax']) * 3)
  t.equal(broker.process.exitCode, null)
  t.match(group.read('memory.oom_control'), /^oom_kill 0$/m)
  for (const { socket } of stuck) socket.destroy()
  await nothingKept(broker)
  const healthy = await connect(t, `${broker.subscribeUrl}/m0`)
  const writer = await connect(t, `${broker.publishUrl}/m0`)
  await writer.send('still here')
  await healthy.has(1)
  t.comment(`resident ${(residentBytes(broker.process.pid ?? 0) / MiB).toFixed(0)} MiB, at most ${Number(group.read('memory.max_usage_in_bytes')) / MiB} MiB`)
  t.strictSame(await broker.stop(), { code: 0, signal: null })
}

test('256 MiB', async (t) => survive(t, 256 * MiB))
test('200 MB', async (t) => survive(t, 200_000_000))

test('a quota of CPU time', async (t) => {
  const group = makeControlGroup(t, { cpu: { 'cpu.cfs_period_us': '100000', 'cpu.cfs_quota_us': '90000' } })
  if (group === null) return void t.pass('a group of its own', { skip: notPossible })
  const broker = await startBroker(t, { through: group.through })
  t.match(await broker.logged(({ event }) => event === 'control-group'), { cpus: 0.9, memoryBytes: null })
  t.match(await broker.logged(({ event }) => event === 'ready'), { shards: 1 })
  t.strictSame(await broker.stop(), { code: 0, signal: null })
})
