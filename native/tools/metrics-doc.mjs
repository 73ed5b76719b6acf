// @ts-check
// Makes docs/metrics.md of the tables of metrics: `npm run build` writes it, test/src/deploy/metrics.ts compares it.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './addon-build.mjs'

/** @typedef {{ name: string, help: string, kind: 'counter' | 'gauge' }} Metric */

/** Counters that the control plane adds by itself (ExtensionPort.count). */
const others = [{ name: 'log_lines_lost', help: 'log lines that found no room while the log could not be written' }]

/** The metrics as /metrics has them, in the table's order. @returns {Metric[]} */
export function metricsOfTable() {
  const table = readFileSync(join(root, 'native', 'metrics', 'metrics.def'), 'utf8')
  const rows = [...table.matchAll(/^(?:SHARED_)?METRIC\((\w+),\s*"((?:[^"\\]|\\.)*)"\)/gm)].map(([, name = '', help = '']) => ({ name, help }))
  return [...rows, ...others].map(({ name, help }) => {
    const gauge = name.endsWith('_now')
    return { name: gauge ? `broker_${name.replace(/_now$/, '')}` : `broker_${name}_total`, help, kind: gauge ? 'gauge' : 'counter' }
  })
}

/** The page's text. */
export function metricsPage() {
  const rows = metricsOfTable().map(({ name, help, kind }) => `| \`${name}\` | ${kind} | ${help.replaceAll('|', '\\|')} |`)
  return `# Metrics

What \`GET /metrics\` of the HTTP API shows beside Node's own \`process_…\` and \`nodejs_…\`. Made of native/metrics/metrics.def by
\`npm run build\`: change the table, not this page.
Counters never decrease while the process lives. \`broker.stats()\` has the same figures: \`broker_connections\` is \`connections_now\` there,
\`broker_deliveries_total\` is \`deliveries\`.
Pusher's own counters are added where apps are configured; \`# HELP\` says what they count. Alert rules:
[alerts.yaml](../deploy/prometheus/alerts.yaml), a dashboard for Grafana:
[broker.json](../deploy/grafana/broker.json).

| metric | kind | counts |
| --- | --- | --- |
${rows.join('\n')}
`
}

export function writeMetricsPage() {
  writeFileSync(join(root, 'docs', 'metrics.md'), metricsPage())
}
