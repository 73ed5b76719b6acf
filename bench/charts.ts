/** SVG charts for the report: plain strings, no script, colours from the page's style sheet (classes series-0 to series-15). */

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
const labelWidth = 105
const chartWidth = 640
const textRoom = 150

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`)
}

/** Horizontal bars from zero, all on one scale; those above `limit` are cut there, with a mark. */
export function barChart(title: string, bars: readonly Bar[], limit: number): string {
  const longest = Math.min(limit, Math.max(...bars.map(({ value }) => value)))
  const scale = (chartWidth - labelWidth - textRoom) / longest
  const rows = bars.map(({ label, value, text, series }, row) => {
    const y = row * barHeight
    const cut = value > limit
    const width = Math.max(1, Math.min(value, limit) * scale).toFixed(1)
    return `<text x="${labelWidth - 8}" y="${y + 15}" text-anchor="end">${escapeHtml(label)}</text>` +
      `<rect class="series-${series}" x="${labelWidth}" y="${y + 3}" width="${width}" height="${barHeight - 6}" rx="2"/>` +
      `<text x="${(labelWidth + Number(width) + 6).toFixed(1)}" y="${y + 15}">${cut ? '» ' : ''}${escapeHtml(text)}</text>`
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

export interface Histogram {
  readonly label: string
  readonly series: number
  /** [lowest value, count], ascending. */
  readonly buckets: readonly (readonly [value: number, count: number])[]
}

const histogramRowHeight = 34
const columns = 96
const footHeight = 26

/** How much wider than its lowest value a bucket is, about: 1/16 to 1/32. */
const bucketRatio = 1.05

/** Counts by column of a logarithmic axis from `low` to `high`; a bucket is shared out over the columns that it covers. */
function intoColumns({ buckets }: Histogram, low: number, high: number): number[] {
  const counts = new Array<number>(columns).fill(0)
  const place = (value: number): number => Math.log(Math.max(value, low) / low) / Math.log(high / low) * columns
  for (const [value, count] of buckets) {
    const [from, to] = [place(value), place(Math.max(value, low) * bucketRatio)]
    for (let column = Math.floor(from); column < Math.min(to, columns); ++column) {
      const covered = Math.min(to, column + 1) - Math.max(from, column)
      counts[column] = (counts[column] ?? 0) + count * covered / (to - from)
    }
  }
  return counts
}

/** Powers of ten from `low` to `high`. */
function decades(low: number, high: number): number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9)
  const last = Math.floor(Math.log10(high) + 1e-9)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => 10 ** (first + i))
}

/** One row per histogram on a common logarithmic axis; a column's height is the square root of its count, so tails show. */
export function histogramChart(title: string, unit: string, histograms: readonly Histogram[]): string {
  const values = histograms.flatMap(({ buckets }) => buckets.map(([value]) => value)).filter((value) => value > 0)
  const [low, high] = [Math.min(...values), Math.max(...values) * 1.1]
  const width = chartWidth - labelWidth - 20
  const columnWidth = width / columns
  const height = histograms.length * histogramRowHeight
  const x = (value: number): number => labelWidth + width * Math.log(value / low) / Math.log(high / low)
  const grid = decades(low, high).map((value) =>
    `<line class="grid" x1="${x(value).toFixed(1)}" x2="${x(value).toFixed(1)}" y1="0" y2="${height}"/>` +
    `<text x="${x(value).toFixed(1)}" y="${height + 16}" text-anchor="middle">${value} ${unit}</text>`)
  const rows = histograms.map((histogram, row) => {
    const counts = intoColumns(histogram, low, high)
    const most = Math.sqrt(Math.max(...counts, 1))
    const foot = (row + 1) * histogramRowHeight - 4
    const bars = counts.map((count, column) => {
      const tall = count === 0 ? 0 : Math.max(1, Math.sqrt(count) / most * (histogramRowHeight - 8))
      const left = labelWidth + column * columnWidth
      return tall === 0 ? '' : `<rect class="series-${histogram.series}" x="${left.toFixed(1)}" y="${(foot - tall).toFixed(1)}" width="${(columnWidth - 0.5).toFixed(1)}" height="${tall.toFixed(1)}"/>`
    })
    return `<text x="${labelWidth - 8}" y="${foot - 4}" text-anchor="end">${escapeHtml(histogram.label)}</text>${bars.join('')}`
  })
  return `<figure><figcaption>${escapeHtml(title)}</figcaption><svg viewBox="0 0 ${chartWidth} ${height + footHeight}" role="img" aria-label="${escapeHtml(title)}">${grid.join('')}${rows.join('')}</svg></figure>`
}
