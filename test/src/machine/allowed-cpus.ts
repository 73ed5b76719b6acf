import { test } from 'tap'
import { allowedCpus, parseCpuList } from '../../../src/machine/allowed-cpus.js'

test('lists of CPUs as the kernel writes them', async (t) => {
  t.strictSame(parseCpuList('0-2,8\n'), [0, 1, 2, 8])
  t.strictSame(parseCpuList('5'), [5])
  t.strictSame(parseCpuList(''), [])
  t.strictSame(parseCpuList('a-b,3-1'), [])
})

test('this process may use one at least', async (t) => {
  t.ok(allowedCpus().length >= 1)
})
