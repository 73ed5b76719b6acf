/** One result of the load generator as lines for people. */

import type { Distribution, LoadResult } from './load-result.js'
import type { LoadRow } from './load-rows.js'

/** The load generator's scenarios in which each message has one answer. */
const answeredLoads = ['echo', 'requests', 'respond']

type Line = readonly [label: string, text: string]

/** Three digits that matter. */
function milliseconds(us: number | undefined): string {
  if (us === undefined) return '–'
  const ms = us / 1000
  return ms.toFixed(ms < 1 ? 3 : ms < 100 ? 2 : 0)
}

function distributionLine(label: string, distribution: Distribution | undefined): Line[] {
  if (distribution?.p50 === undefined) return []
  const { mean, p50, p99, p999, max } = distribution
  const parts = [['p50', p50], ['p99', p99], ['p99.9', p999], ['max', max], ['mean', mean]] as const
  return [[label, `${parts.map(([name, us]) => `${name} ${milliseconds(us)}`).join('  ')} ms`]]
}

function numberLine(label: string, value: number | null | undefined, unit: string, digits = 0): Line[] {
  if (value === undefined || value === null) return []
  return [[label, `${value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}${unit}`]]
}

/** When the load generator has no time to spare and the server has, the figures are the load generator's. */
function warning({ clientBusyPercent = 0, serverBusyPercent }: LoadResult): Line[] {
  const limited = clientBusyPercent > 95 && (serverBusyPercent ?? 100) < 80
  return limited ? [['note', 'the load generator was busy all the time: it may have been the limit, not the server']] : []
}

export function resultTable(row: LoadRow, result: LoadResult): string {
  const isAnswered = answeredLoads.includes(row.args[0] ?? '')
  const lines: Line[] = [
    ...distributionLine('total', result.totalUs),
    ...distributionLine('spread', result.spreadUs),
    ...distributionLine(isAnswered ? 'response' : 'delivery', result.deliveryUs),
    ...distributionLine('handshake', result.handshakeUs),
    ...numberLine('under 1 ms', result.underOneMsPercent, ' %', 2),
    ...numberLine(isAnswered ? 'requests' : 'deliveries', result.deliveriesPerSecond, '/s'),
    ...(row.name === 'storm' ? numberLine('handshakes', result.handshakesPerSecond, '/s') : []),
    ...numberLine('server CPU', result.serverCpuUsPerDelivery, ` µs/${isAnswered ? 'request' : 'delivery'}`, 3),
    ...numberLine('server CPU', result.serverCpuUsPerHandshake, ' µs/handshake', 1),
    ...numberLine('server busy', result.serverBusyPercent, ' % of a core'),
    ...numberLine('load busy', result.clientBusyPercent, ' % of a core'),
    ...warning(result),
  ]
  const width = Math.max(...lines.map(([label]) => label.length))
  return [`${row.name}: ${row.about}`, ...lines.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`)].join('\n')
}
