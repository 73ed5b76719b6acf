import { pino } from 'pino'
import { test, type Test } from 'tap'
import { logStart } from '../../../src/cli/log-start.js'
import { createBrokerWith } from '../../../src/create-broker.js'
import type { CgroupLimits } from '../../../src/machine/cgroups.js'
import { FakeAddon } from '../../support/fake-addon.js'

const MiB = 2 ** 20

/** What start says in a control group of those limits. */
async function linesIn(t: Test, group: CgroupLimits): Promise<{ event?: string, msg: string }[]> {
  const broker = await createBrokerWith(new FakeAddon(), { limits: { topicsMax: 500, sendBufferBytes: '20KiB' }, grpc: { streamsMax: 7, bufferBytesMax: '9MiB' } })
  t.teardown(() => broker.stop())
  const lines: { event?: string, msg: string }[] = []
  logStart(broker, pino({}, { write: (line) => { lines.push(JSON.parse(line) as { msg: string }) } }), group)
  return lines
}

test('the limits of a control group, and what was chosen within them', async (t) => {
  const chosen = '500 topics, send buffers of 20 KiB, 7 gRPC calls with 9 MiB of buffers'
  const told = async (group: CgroupLimits) => (await linesIn(t, group)).find(({ event }) => event === 'control-group')
  t.match(await told({ memoryBytes: 256 * MiB, cpus: 1 }), {
    msg: `the control group allows 256 MiB of memory and 1 CPU; within it: ${chosen}`, memoryBytes: 256 * MiB, cpus: 1, topicsMax: 500,
  })
  t.match(await told({ memoryBytes: null, cpus: 1.5 }), { msg: `the control group allows 1.5 CPUs; within it: ${chosen}` })
  t.match(await told({ memoryBytes: 200_003_584, cpus: null }), { msg: `the control group allows 195316 KiB of memory; within it: ${chosen}` })
  t.equal(await told({ memoryBytes: null, cpus: null }), undefined)
})

test('a hint where there is little memory', async (t) => {
  const hints = async (memoryBytes: number) => (await linesIn(t, { memoryBytes, cpus: null })).filter(({ msg }) => msg.includes('is little'))
  t.match(await hints(64 * MiB), [{ event: 'hint', msg: '64 MiB of memory is little: the process alone takes about 80 MiB' }])
  t.strictSame(await hints(128 * MiB), [])
})
