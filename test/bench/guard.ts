import { test } from 'tap'
import { guard } from '../../bench/guard.js'
import type { HistoryLine } from '../../bench/history.js'

const metricsOf = () => [
  { key: 'totalMs', better: 'lower' }, { key: 'rate', better: 'higher' }, { key: 'totalMaxMs', better: 'lower', shownOnly: true },
] as const

/** A run in which the floor's figures were these parts of the broker's, and the twin's so many. */
function line(floor: Readonly<Record<string, number>>, twin: Readonly<Record<string, number>> = {}, cpu = 'A', commit = 'old'): HistoryLine {
  const ratios = { 'one-to-many': { 'broker\'': twin, 'broker-epoll': floor, floor } }
  return { startedAt: '2026-01-01T00:00:00.000Z', commit, machine: { cpu, cores: 2 }, rounds: 3, reference: 'broker', ratios }
}

test('what has become slower beside the others fails, with both figures', async (t) => {
  const found = guard([line({ totalMs: 1.2, rate: 0.8 })], line({ totalMs: 1, rate: 1 }), metricsOf)
  t.equal(found.compared, 2)
  t.same(found.worse, [
    'one-to-many, totalMs: floor is ×1.00 of the broker, at old ×1.20 (noise ×1.10)',
    'one-to-many, rate: floor is ×1.00 of the broker, at old ×0.80 (noise ×1.10)',
  ])
})

test('what is faster, or within the noise of both runs, passes', async (t) => {
  t.same(guard([line({ totalMs: 1.2 })], line({ totalMs: 1.5 }), metricsOf).worse, [], 'faster')
  t.same(guard([line({ totalMs: 1.2 })], line({ totalMs: 1.12 }), metricsOf).worse, [], 'within the least band')
  t.same(guard([line({ totalMs: 1.2 }, { totalMs: 0.9 })], line({ totalMs: 1 }, { totalMs: 1.1 }), metricsOf).worse, [], 'the twins differed')
})

test('only the newest record of this kind of machine counts, and single events never do', async (t) => {
  const history = [line({ totalMs: 2 }), line({ totalMs: 1 }, {}, 'A', 'newer'), line({ totalMs: 9 }, {}, 'B')]
  t.same(guard(history, line({ totalMs: 1 }), metricsOf), { compared: 1, worse: [] })
  t.same(guard([line({ totalMaxMs: 9 })], line({ totalMaxMs: 1 }), metricsOf), { compared: 0, worse: [] })
  t.same(guard([line({ totalMs: 9 }, {}, 'B')], line({ totalMs: 1 }), metricsOf), { compared: 0, worse: [] }, 'another machine says nothing')
})
