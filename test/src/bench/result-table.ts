import { test } from 'tap'
import { echo, oneToMany, pusherEventRows } from '../../../src/bench/load-rows.js'
import type { LoadResult } from '../../../src/bench/load-result.js'
import { resultTable } from '../../../src/bench/result-table.js'

const base: LoadResult = { scenario: 'one-to-many', ok: true, parameters: {} }
const total = { mean: 4321, p50: 4000, p90: 5000, p99: 12_345, p999: 123_456, max: 123_456 }

test('what was measured, and nothing else', async (t) => {
  t.equal(resultTable(oneToMany, { ...base, totalUs: total, spreadUs: {}, deliveriesPerSecond: 234_567.8 }), [
    'one-to-many: 1 → 1000, one message at a time',
    '  total       p50 4.00  p99 12.35  p99.9 123  max 123  mean 4.32 ms',
    '  deliveries  234,568/s',
  ].join('\n'))
})

test('an echo has responses and requests', async (t) => {
  const text = resultTable(echo, { ...base, deliveryUs: { ...total, p50: 58 }, underOneMsPercent: 99.5, deliveriesPerSecond: 1000, serverCpuUsPerDelivery: 6.1 })
  t.match(text, /\n {2}response +p50 0\.058 {2}/)
  t.match(text, /\n {2}under 1 ms +99\.50 %\n {2}requests +1,000\/s\n {2}server CPU +6\.100 µs\/request/)
})

test('so have events that a server answers', async (t) => {
  t.equal(pusherEventRows.length, 2)
  for (const row of pusherEventRows) {
    t.match(resultTable(row, { ...base, deliveryUs: total, deliveriesPerSecond: 15_000 }), /\n {2}response +p50 4\.00 .*\n {2}requests +15,000\/s/)
  }
})

test('a load generator that was the limit is told', async (t) => {
  t.match(resultTable(oneToMany, { ...base, clientBusyPercent: 99, serverBusyPercent: 50 }), /\n {2}note +the load generator was busy/)
  t.notMatch(resultTable(oneToMany, { ...base, clientBusyPercent: 99, serverBusyPercent: 97 }), /note/)
})
