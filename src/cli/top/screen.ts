/** A frame as lines of text. */

import { printable } from '../../log/printable.js'
import { table } from '../table.js'
import type { Frame, TopicRow } from './sample.js'

/** How topics are sorted: by the key that is pressed. */
export const orders = {
  r: { name: 'rate', of: (row: TopicRow) => row.publishedPerSecond },
  u: { name: 'subscribers', of: (row: TopicRow) => row.subscribers },
  k: { name: 'skipped', of: (row: TopicRow) => row.skippedTotal },
} as const

export type Order = keyof typeof orders

export interface View {
  readonly order: Order
  /** Only topics that have this in their names. */
  readonly filter: string
  readonly columns: number
  readonly rows: number
}

const units = ['', 'k', 'M', 'G', 'T']

/** `12.3k`: three digits that count. */
export function short(value: number): string {
  const power = Math.min(units.length - 1, value < 1000 ? 0 : Math.floor(Math.log10(value) / 3))
  const scaled = value / 1000 ** power
  return `${scaled >= 100 || Number.isInteger(scaled) ? Math.round(scaled) : scaled.toFixed(scaled >= 10 ? 1 : 2)}${units[power]}`
}

function bytes(value: number): string {
  return `${short(value)}B`
}

function numbers({ gauges, rates, process }: Frame): string {
  const rate = (name: string) => short(rates[name] ?? 0)
  const gauge = (name: string) => short(gauges[name] ?? 0)
  return table([
    ['connections', gauge('connections'), 'publications/s', rate('publications'), 'CPUs', process.cpus.toFixed(2)],
    ['subscriptions', gauge('subscriptions'), 'deliveries/s', rate('deliveries'), 'memory', bytes(process.memoryBytes)],
    ['topics', gauge('topics'), 'sent/s', bytes(rates['bytes_sent'] ?? 0), 'logs', bytes(gauges['log_bytes'] ?? 0)],
    ['streams', gauge('streams'), 'received/s', bytes(rates['bytes_received'] ?? 0), 'loop p99', `${(process.loopDelaySeconds * 1000).toFixed(1)} ms`],
  ])
}

function refusals({ refusals: rows }: Frame): string {
  if (rows.length === 0) return 'nothing was refused, skipped or cut\n'
  return table([['REFUSED', 'A SECOND', 'SINCE START', 'WHAT IT COUNTS'], ...rows.map((row) => [row.name, short(row.perSecond), short(row.total), row.help])])
}

/** Sorted, those of the filter only. */
export function shownTopics({ topics }: Frame, { order, filter }: Pick<View, 'order' | 'filter'>): TopicRow[] {
  const { of } = orders[order]
  return topics.filter(({ topic }) => topic.includes(filter)).sort((a, b) => of(b) - of(a) || b.subscribers - a.subscribers)
}

function topics(frame: Frame, view: View): string {
  const rows = shownTopics(frame, view).map((row) => {
    return [short(row.publishedPerSecond), short(row.subscribers), short(row.publishedPerSecond * row.subscribers),
      short(row.skippedTotal), printable(row.topic)]
  })
  return table([['MESSAGES/S', 'SUBSCRIBERS', 'DELIVERIES/S', 'SKIPPED', 'TOPIC'], ...rows])
}

/** At most as high and as wide as the view. */
export function screen(frame: Frame, view: View, title: string): string[] {
  const text = [title, '', numbers(frame), refusals(frame), topics(frame, view)].join('\n')
  return text.split('\n').slice(0, view.rows).map((line) => line.slice(0, view.columns))
}
