/** `/metrics` of a real broker, as Prometheus' own checker sees it, and against the table that it is made of. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { packageRoot } from '../../src/package-info.js'
import { startBroker } from '../support/broker-process.js'

const missing = spawnSync('promtool', ['--version']).error === undefined ? false : "promtool is not installed (Debian's prometheus)"

async function metricsOf(t: Parameters<typeof startBroker>[0]): Promise<string> {
  const broker = await startBroker(t, { args: ['--responder', '0', '--pusher'] })
  const answer = await fetch(`http://127.0.0.1:${broker.apiPort}/metrics`)
  return answer.text()
}

test('promtool has nothing to say', { skip: missing }, async (t) => {
  const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: await metricsOf(t), encoding: 'utf8' })
  t.equal(stderr, '')
  t.equal(status, 0)
  const wrong = spawnSync('promtool', ['check', 'metrics'], { input: '# TYPE a_total gauge\na_total 1\n', encoding: 'utf8' })
  t.not(wrong.status, 0, 'it would')
})

test('each row of the table is a metric, with its text as HELP', async (t) => {
  const text = await metricsOf(t)
  const table = readFileSync(join(packageRoot, 'native/metrics/metrics.def'), 'utf8')
  const rows = [...table.matchAll(/^(?:SHARED_)?METRIC\((\w+), "(.*)"\)$/gm)]
  t.ok(rows.length > 45, `${rows.length} rows`)
  const sentence = (words: string) => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
  for (const [, name = '', help = ''] of [...rows, ['', 'log_lines_lost', 'log lines that found no room while the log could not be written']]) {
    const [metric, kind] = name.endsWith('_now') ? [`broker_${name.slice(0, -4)}`, 'gauge'] : [`broker_${name}_total`, 'counter']
    t.ok(text.includes(`# HELP ${metric} ${sentence(help)}\n# TYPE ${metric} ${kind}\n${metric} `), metric)
  }
})
