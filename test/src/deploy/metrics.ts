/** Alert rules, dashboard and docs/metrics.md name metrics that there are. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { parse } from 'yaml'
import { packageRoot } from '../../../src/package-info.js'

interface Tool {
  metricsOfTable(): { readonly name: string, readonly kind: string }[]
  metricsPage(): string
}

const tool = await import(join(packageRoot, 'native/tools/metrics-doc.mjs')) as Tool
const known = new Set(tool.metricsOfTable().map(({ name }) => name))

function text(file: string): string {
  return readFileSync(join(packageRoot, file), 'utf8')
}

/** Metrics of the broker that a text names and that are not there. */
function unknownIn(expressions: string): string[] {
  return [...new Set(expressions.match(/\bbroker_\w+/g) ?? [])].filter((name) => !known.has(name))
}

test('the table is read', async (t) => {
  t.ok(known.size > 50, `${known.size} metrics`)
  for (const name of ['broker_deliveries_total', 'broker_connections', 'broker_log_bytes', 'broker_log_lines_lost_total']) t.ok(known.has(name), name)
  t.strictSame(unknownIn('rate(broker_deliveries[1m]) + broker_nothing_total + broker_topics'), ['broker_deliveries', 'broker_nothing_total'])
})

test('docs/metrics.md is as the table has it (npm run build writes it)', async (t) => {
  t.equal(text('docs/metrics.md'), tool.metricsPage())
})

test('alert rules', async (t) => {
  const { groups } = parse(text('deploy/prometheus/alerts.yaml')) as { groups: { rules: { alert: string, expr: string, annotations: object }[] }[] }
  const rules = groups.flatMap((group) => group.rules)
  t.ok(rules.length >= 8)
  for (const { alert, expr, annotations } of rules) {
    t.strictSame(unknownIn(expr), [], alert)
    t.match(annotations, { summary: String, action: String }, `${alert} says what to do`)
  }
  const { error, status, stdout } = spawnSync('promtool', ['check', 'rules', join(packageRoot, 'deploy/prometheus/alerts.yaml')], { encoding: 'utf8' })
  if (error === undefined) t.equal(status, 0, stdout)
  else t.comment('no promtool here')
})

test('the dashboard', async (t) => {
  interface Panel { readonly id: number, readonly title: string, readonly gridPos: { x: number, y: number, w: number }, readonly targets: { expr: string }[] }
  const { panels } = JSON.parse(text('deploy/grafana/broker.json')) as { panels: Panel[] }
  t.ok(panels.length >= 10)
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  t.equal(new Set(panels.map(({ gridPos: { x, y } }) => `${x},${y}`)).size, panels.length, 'none lies on another')
  for (const { title, targets } of panels) {
    t.ok(targets.length > 0, title)
    for (const { expr } of targets) {
      t.strictSame(unknownIn(expr), [], title)
      t.match(expr, /\$job.*\$instance/, `${title} follows the choice`)
      if (/_total\b/.test(expr)) t.match(expr, /\brate\(/, `${title}: counters as rates`)
    }
  }
})
