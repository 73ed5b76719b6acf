/** SVG charts for the report: plain strings, no script, colours from the page's style sheet (classes series-0 to series-7). */

export interface Bar {
  readonly label: string
  readonly value: number
  readonly text: string
  readonly series: number
}

export interface Curve {
  readonly label: string
  /** Evenly spaced along x. */
  readonly points: readonly number[]
  readonly series: number
}

const barHeight = 22
const labelWidth = 90
const chartWidth = 640
const textRoom = 150

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`)
}

/** Horizontal bars from zero, all on one scale. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const longest = Math.max(...bars.map(({ value }) => value))
  const scale = (chartWidth - labelWidth - textRoom) / longest
  const rows = bars.map(({ label, value, text, series }, row) => {
    const y = row * barHeight
    const width = Math.max(1, value * scale).toFixed(1)
    return `<text x="${labelWidth - 8}" y="${y + 15}" text-anchor="end">${escapeHtml(label)}</text>` +
      `<rect class="series-${series}" x="${labelWidth}" y="${y + 3}" width="${width}" height="${barHeight - 6}" rx="2"/>` +
      `<text x="${(labelWidth + Number(width) + 6).toFixed(1)}" y="${y + 15}">${escapeHtml(text)}</text>`
  })
  const height = bars.length * barHeight
  return `<figure><figcaption>${escapeHtml(title)}</figcaption><svg viewBox="0 0 ${chartWidth} ${height}" role="img" aria-label="${escapeHtml(title)}">${rows.join('')}</svg></figure>`
}

/** A step of 1, 2 or 5 × 10^n that divides `range` into at most six parts. */
function niceStep(range: number): number {
  const raw = range / 6
  const power = 10 ** Math.floor(Math.log10(raw))
  return ([1, 2, 5, 10].find((step) => step * power >= raw) ?? 10) * power
}

const plotHeight = 260
const plotLeft = 50
const plotRight = 90

function path({ points, series }: Curve, x: (share: number) => number, y: (value: number) => number): string {
  const line = points.map((value, i) => `${x(i / (points.length - 1)).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
  return `<polyline class="series-${series}" points="${line}"/>`
}

/** Lines over 0 to 100 % of x; y starts at zero. */
export function lineChart(title: string, xTitle: string, curves: readonly Curve[]): string {
  const highest = Math.max(...curves.flatMap(({ points }) => points))
  const step = niceStep(highest)
  const top = Math.ceil(highest / step) * step
  const x = (share: number): number => plotLeft + share * (chartWidth - plotLeft - plotRight)
  const y = (value: number): number => 10 + (1 - value / top) * (plotHeight - 40)
  const grid = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => {
    const value = i * step
    return `<line class="grid" x1="${plotLeft}" x2="${x(1)}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}"/>` +
      `<text x="${plotLeft - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${Number(value.toPrecision(3))}</text>`
  })
  const order = [...curves].sort((a, b) => (b.points.at(-1) ?? 0) - (a.points.at(-1) ?? 0))
  let lowest = -Infinity  // names at the lines' ends must not cover each other
  const names = order.map(({ label, points, series }) => {
    lowest = Math.max(lowest + 14, y(points.at(-1) ?? 0) + 4)
    return `<text class="name series-${series}" x="${x(1) + 6}" y="${lowest.toFixed(1)}">${escapeHtml(label)}</text>`
  })
  const height = Math.max(plotHeight, lowest + 10)
  const axis = `<text x="${x(0.5)}" y="${plotHeight - 8}" text-anchor="middle">${escapeHtml(xTitle)}</text>`
  const lines = curves.map((curve) => path(curve, x, y))
  return `<figure><figcaption>${escapeHtml(title)}</figcaption><svg viewBox="0 0 ${chartWidth} ${height}" role="img" aria-label="${escapeHtml(title)}">${[...grid, ...lines, ...names].join('')}${axis}</svg></figure>`
}
