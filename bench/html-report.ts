/** The report as one self-contained page: bars of total and spread, the fan-out curve, and the tables as on the terminal. */

import { barChart, escapeHtml, lineChart, type Curve } from './charts.js'
import { byRound, median } from './judge.js'
import type { Run, RunSample } from './run-data.js'
import type { Metric } from './metrics.js'
import type { Scenario } from './scenarios.js'
import { scenarioTable } from './tables.js'

const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --grid: #d8dde3;
  --c0: #1261c9; --c1: #7c8794; --c2: #d9541e; --c3: #a02a8e; --c4: #b58900; --c5: #2e8b57; --c6: #6a5acd; --c7: #8b4513; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e7ec; --paper: #14171b; --grid: #343a42;
  --c0: #5aa2ff; --c1: #98a3b0; --c2: #ff8a5c; --c3: #e07bd0; --c4: #e0b84a; --c5: #62c48e; --c6: #a79bff; --c7: #d09a6a; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1100px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.5rem } .about { margin-top: -.6rem; opacity: .8 }
.charts { display: flex; flex-wrap: wrap; gap: 1rem 2rem } figure { margin: 0; flex: 1 1 460px; max-width: 640px } figcaption { font-weight: 600 }
svg { width: 100%; height: auto; font-size: 12px } svg text { fill: var(--ink) } .grid { stroke: var(--grid) } polyline { fill: none; stroke-width: 2 }
pre { overflow-x: auto; font-size: 12px; line-height: 1.4 }
${Array.from({ length: 8 }, (_, i) => `rect.series-${i}, text.name.series-${i} { fill: var(--c${i}) } polyline.series-${i} { stroke: var(--c${i}) }`).join('\n')}`

const charted = ['totalMs', 'spreadMs', 'cpuUs', 'bytes', 'rate']

/** Arms without the reference's twin, which is there for the noise only; the place in the run is the colour. */
function shown({ arms, twin }: Run): string[] {
  return arms.filter((arm) => arm !== twin)
}

function bars(run: Run, samples: readonly RunSample[], metric: Metric): string {
  const rows = shown(run).map((label, series) => ({ label, series, value: median([...byRound(samples, label, metric).values()]) }))
  const known = rows.filter(({ value }) => Number.isFinite(value))
  return known.length === 0 ? '' : barChart(`${metric.title} (${metric.better} is better)`, known.map((row) => ({ ...row, text: row.value.toFixed(metric.digits) })))
}

/** Of each arm the run whose last receipt is the median one. */
function fanOutCurves(run: Run, samples: readonly RunSample[]): Curve[] {
  return shown(run).flatMap((label, series) => {
    const curves = samples.filter(({ arm }) => arm === label).map(({ raw }) => raw.at(-1)?.curveUs ?? []).filter((points) => points.length > 1)
    const middle = curves.sort((a, b) => (a.at(-1) ?? 0) - (b.at(-1) ?? 0))[curves.length >> 1]
    return middle === undefined ? [] : [{ label, series, points: middle.map((us) => us / 1000) }]
  })
}

function section(run: Run, scenario: Scenario): string {
  const samples = run.samples.filter((sample) => sample.scenario === scenario.name)
  const metrics = scenario.metrics.filter(({ key }) => charted.includes(key))
  const curves = fanOutCurves(run, samples)
  const charts = metrics.map((metric) => bars(run, samples, metric))
  if (curves.length > 0) charts.push(lineChart('receipt after send, ms, by order of receipt', 'first subscriber → last subscriber', curves))
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
