import { test } from 'tap'
import { parseBytes, parseCount, parseDuration } from '../../../src/config/units.js'

test('bytes', async (t) => {
  const table: [number | string, number][] = [
    [5, 5], ['5', 5], ['5B', 5], ['64KiB', 65_536], ['1.5 MiB', 1_572_864], ['2GiB', 2_147_483_648], ['3kB', 3000], ['1MB', 1e6],
    ['-1', -1],
  ]
  for (const [text, want] of table) t.equal(parseBytes(text), want, String(text))
  for (const text of ['', 'KiB', '5kib', '5 5', '0x10', '1e3', '5constructor', '5ms']) t.ok(Number.isNaN(parseBytes(text)), text)
})

test('durations', async (t) => {
  const table: [number | string, number][] = [[5, 5], ['5', 5], ['5ms', 5], ['1.5s', 1500], ['2m', 120_000], ['1h', 3_600_000]]
  for (const [text, want] of table) t.equal(parseDuration(text), want, String(text))
  for (const text of ['', 's', '5 sec', '5KiB']) t.ok(Number.isNaN(parseDuration(text)), text)
})

test('counts have no unit', async (t) => {
  t.equal(parseCount('12'), 12)
  t.ok(Number.isNaN(parseCount('12B')))
})
