import { availableParallelism, totalmem } from 'node:os'
import { test } from 'tap'
import { coresWithin, thisMachine } from '../../../src/machine/machine.js'
import { loadAddon } from '../../../src/native/load.js'

test('a quota is rounded up, and never more than the CPUs there are', async (t) => {
  t.equal(coresWithin(64, null), 64)
  t.equal(coresWithin(64, 1), 1)
  t.equal(coresWithin(64, 0.25), 1)
  t.equal(coresWithin(64, 1.5), 2)
  t.equal(coresWithin(2, 8), 2)
})

test('the machine or its control group, whichever is less', async (t) => {
  const addon = loadAddon()
  t.match(thisMachine(addon, { memoryBytes: null, cpus: null }), { cores: availableParallelism(), memoryBytes: totalmem() })
  t.match(thisMachine(addon, { memoryBytes: 2 ** 28, cpus: 1 }), { cores: 1, memoryBytes: 2 ** 28, limits: { memoryBytes: 2 ** 28, cpus: 1 } })
  t.equal(thisMachine(addon, { memoryBytes: 2 ** 50, cpus: null }).memoryBytes, totalmem())
})
