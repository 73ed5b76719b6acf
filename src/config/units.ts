/** Numbers as people write them: `64KiB`, `10s`. What cannot be read becomes NaN, which every bound refuses. */

export const KiB = 2 ** 10
export const MiB = 2 ** 20
export const GiB = 2 ** 30
export const hourMs = 3_600_000

const byteUnits: Readonly<Record<string, number>> = {
  '': 1, B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB, MiB, GiB,
}

const durationUnits: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1e3, m: 60e3, h: hourMs }

function parse(value: number | string, units: Readonly<Record<string, number>>): number {
  if (typeof value === 'number') return value
  const match = /^(-?\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(value.trim())
  if (match === null) return NaN
  const unit = match[2] ?? ''
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined
  return factor === undefined ? NaN : Number(match[1]) * factor
}

/** A plain number; no unit is allowed. */
export function parseCount(value: number | string): number {
  return parse(value, { '': 1 })
}

/** Bytes: a number, or a string with B, kB, MB, GB (powers of 1000) or KiB, MiB, GiB (powers of 1024). */
export function parseBytes(value: number | string): number {
  return parse(value, byteUnits)
}

/** Milliseconds: a number, or a string with ms, s, m or h. */
export function parseDuration(value: number | string): number {
  return parse(value, durationUnits)
}
