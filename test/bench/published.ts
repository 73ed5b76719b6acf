import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { historyLine, readHistory, type HistoryLine } from '../../bench/history.js'
import { claims, contradictions, publishedTable, rangeOf } from '../../bench/published.js'
import { packageRoot } from '../../src/package-info.js'

const bun = { scenario: 'many-to-many', arm: 'bun', metric: 'totalMeanMs', text: 'many-to-many, total, mean: Bun publish' }

function line(ratio: number, cpu = 'A', day = '2026-01-01', reference = 'broker'): HistoryLine {
  const machine = { cpu, cores: 2 }
  return { startedAt: `${day}T00:00:00.000Z`, commit: 'c', machine, rounds: 3, reference, ratios: { 'many-to-many': { bun: { totalMeanMs: ratio } } } }
}

test('a range holds every recorded run, and counts runs, kinds of machines and days', async (t) => {
  const range = rangeOf([line(2), line(1.4, 'B', '2026-01-02'), line(3.5, 'A', '2026-01-02')], bun)
  t.same(range, { from: 1.4, to: 3.5, runs: 3, machines: 2, days: 2 })
  t.equal(rangeOf([], bun), null, 'nothing recorded')
  t.equal(rangeOf([line(2, 'A', '2026-01-01', 'broker-latency')], bun), null, 'another reference is another figure')
})

test('a run that differs from what is published is told, beyond its noise only', async (t) => {
  const history = [line(2), line(3)]
  const said = (ratio: number, band: number): string[] => contradictions(history, line(ratio), () => band)
  t.same(said(2.5, 1), [])
  t.same(said(1.9, 1.1), [], 'inside the noise')
  t.same(said(1.5, 1.1), ['many-to-many, total, mean: Bun publish is ×1.50 here; published: ×2.00 to ×3.00 (2 runs, 1 kinds of machines)'])
  t.equal(said(3.4, 1.1).length, 1, 'better than published differs, too')
  t.same(contradictions([], line(9), () => 1), [], 'nothing is published')
})

test('the README has the ranges of what is recorded, as `npm run bench -- --published` prints them', async (t) => {
  const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8')
  const published = /<!-- published -->\n([^]*?)\n<!-- \/published -->/.exec(readme)?.[1]
  t.equal(published, publishedTable(readHistory()))
})

test('every claim has been recorded', async (t) => {
  const history = readHistory()
  for (const claim of claims) t.ok(rangeOf(history, claim), claim.text)
})

test('a line of history has the ratios of all arms but the reference', async (t) => {
  const values = (rate: number) => ({ rate })
  const sample = (arm: string, rate: number) => ({ scenario: 's', arm, round: 0, values: values(rate), waitedPercent: 0, failure: null, raw: [] })
  const run = {
    startedAt: '2026-01-01T00:00:00.000Z', commit: 'c', machine: {}, rounds: 1, quick: false, budgetMinutes: null, reference: 'broker', twin: 'broker\'',
    arms: ['broker', 'broker\'', 'bun'], missing: {}, notRun: [], samples: [sample('broker', 100), sample('broker\'', 110), sample('bun', 50)],
  }
  const scenario = { name: 's', metrics: [{ key: 'rate', title: 'rate', better: 'higher', digits: 0 }] }
  t.same(historyLine(run, [scenario as never]).ratios, { s: { 'broker\'': { rate: 1.1 }, bun: { rate: 0.5 } } })
})
