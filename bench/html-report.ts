/** The report as one self-contained page: bars, the fan-out curve, latency histograms, and the tables as on the terminal. */

import { barChart, escapeHtml, histogramChart, lineChart, type Curve, type Histogram } from './charts.js'
import { byRound, median } from './judge.js'
import type { Run, RunSample } from './run-data.js'
import type { Metric } from './metrics.js'
import type { Scenario } from './scenarios.js'
import { scenarioTable } from './tables.js'

/** By the arm's place in the run: this broker blue, the floor grey, neighbours far apart. */
const hues: readonly (number | null)[] = [215, 190, 250, null, null, 20, 285, 95, 0, 140, 320, 45, 60, 170, 345, 230]

function colour(hue: number | null): string {
  return hue === null ? 'hsl(210 8% var(--tone))' : `hsl(${hue} 65% var(--tone))`
}

const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --grid: #d8dde3; --tone: 42% }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e7ec; --paper: #14171b; --grid: #343a42; --tone: 66% } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1100px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.5rem } .about { margin-top: -.6rem; opacity: .8 }
.charts { display: flex; flex-wrap: wrap; gap: 1rem 2rem } figure { margin: 0; flex: 1 1 460px; max-width: 640px } figcaption { font-weight: 600 }
svg { width: 100%; height: auto; font-size: 12px } svg text { fill: var(--ink) } .grid { stroke: var(--grid) } polyline { fill: none; stroke-width: 2 }
pre { overflow-x: auto; font-size: 12px; line-height: 1.4 }
${hues.map((hue, i) => `.series-${i} { --c: ${colour(hue)} } rect.series-${i}, text.name.series-${i} { fill: var(--c) } polyline.series-${i} { stroke: var(--c) }`).join('\n')}`

const charted = [
  'receiptMeanMs', 'receiptP99Ms', 'totalMs', 'totalP99Ms', 'totalMeanMs', 'spreadMs', 'kernelTotalMs', 'kernelTotalP99Ms', 'kernelSpreadMs',
  'echoUs', 'echoP99Us', 'requests', 'handshakeMs', 'handshakeP99Ms', 'trafficMs', 'trafficP99Ms', 'cpuUs', 'bytes', 'rate',
]
/** What is more than so many times the reference is cut off or left out of a chart: the rest must stay readable. */
const farOff = 6

/** Arms without the reference's twin, which is there for the noise only; the place in the run is the colour. */
function shown({ arms, twin }: Run): string[] {
  return arms.filter((arm) => arm !== twin)
}

function bars(run: Run, samples: readonly RunSample[], metric: Metric): string {
  const rows = shown(run).map((label, series) => ({ label, series, value: median([...byRound(samples, label, metric).values()]) }))
  const known = rows.filter(({ value }) => Number.isFinite(value))
  return known.length === 0 ? '' : barChart(`${metric.chart ?? metric.title} (${metric.better} is better)`, known.map((row) => ({ ...row, text: row.value.toFixed(metric.digits) })), farOff * (rows[0]?.value ?? Infinity))
}

/** By rank the median of the arm's runs, as the bars are. */
function fanOutCurves(run: Run, samples: readonly RunSample[]): Curve[] {
  const all = shown(run).flatMap((label, series) => {
    const curves = samples.filter(({ arm }) => arm === label).map(({ raw }) => raw.at(-1)?.curveUs ?? []).filter((points) => points.length > 1)
    const points = (curves[0] ?? []).map((_, rank) => median(curves.map((curve) => curve[rank] ?? NaN)) / 1000)
    return points.length === 0 ? [] : [{ label, series, points }]
  })
  const limit = farOff * (all[0]?.points.at(-1) ?? Infinity)
  return all.filter(({ points }) => (points.at(-1) ?? 0) <= limit)
}

/** All rounds of an arm together, µs to ms. */
function histograms(run: Run, samples: readonly RunSample[]): Histogram[] {
  return shown(run).flatMap((label, series) => {
    const counts = new Map<number, number>()
    for (const { raw } of samples.filter(({ arm }) => arm === label)) {
      for (const [us, count] of raw.at(-1)?.deliveryUs?.buckets ?? []) counts.set(us / 1000, (counts.get(us / 1000) ?? 0) + count)
    }
    return counts.size === 0 ? [] : [{ label, series, buckets: [...counts].sort(([a], [b]) => a - b) }]
  })
}

function section(run: Run, scenario: Scenario): string {
  const samples = run.samples.filter((sample) => sample.scenario === scenario.name)
  const metrics = scenario.metrics.filter(({ key }) => charted.includes(key))
  const curves = fanOutCurves(run, samples)
  const charts = metrics.map((metric) => bars(run, samples, metric))
  if (curves.length > 0) charts.push(lineChart(`receipt after send, ms, by rank (arms within ×${farOff})`, 'first subscriber → last subscriber', curves))
  const latencies = histograms(run, samples)
  if (latencies.length > 0) charts.push(histogramChart('latency of all deliveries (height: square root of the count)', 'ms', latencies))
  const [, ...table] = scenarioTable(run, scenario).split('\n')
  return `<h2 id="${scenario.name}">${scenario.name}</h2><p class="about">${escapeHtml(scenario.about)}</p>` +
    `<div class="charts">${charts.join('')}</div><pre>${escapeHtml(table.join('\n'))}</pre>`
}

export function htmlReport(run: Run, scenarios: readonly Scenario[], facts: string, legend: string): string {
  const measured = scenarios.filter(({ name }) => run.samples.some(({ scenario }) => scenario === name))
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>Broker benchmark</title><style>${style}</style><h1>Broker benchmark</h1><p>${escapeHtml(facts)}</p>` +
    `${measured.map((scenario) => section(run, scenario)).join('\n')}<pre>${escapeHtml(legend)}</pre></html>\n`
}
