/** Whether one way of a function takes longer than another: Welch's t-test over many samples, as dudect does it. */

function moments(values: readonly number[]): { readonly mean: number, readonly variance: number, readonly count: number } {
  const count = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1), count }
}

function tStatistic(one: readonly number[], other: readonly number[]): number {
  const [a, b] = [moments(one), moments(other)]
  return Math.abs(a.mean - b.mean) / Math.sqrt(a.variance / a.count + b.variance / b.count)
}

/** The slowest tenth of both together is the machine's, not the function's. */
function withoutSlowest(samples: readonly [number[], number[]]): [number[], number[]] {
  const sorted = [...samples[0], ...samples[1]].sort((a, b) => a - b)
  const limit = sorted[Math.floor(sorted.length * 0.9)] as number
  return [samples[0].filter((ns) => ns <= limit), samples[1].filter((ns) => ns <= limit)]
}

function measured(call: () => unknown): number {
  const begin = process.hrtime.bigint()
  call()
  return Number(process.hrtime.bigint() - begin)
}

/** The t-statistic of two ways over `count` samples each, taken in turns in random order; above 4.5 they differ. */
export function timingDifference(ways: readonly [() => unknown, () => unknown], count: number): number {
  const samples: [number[], number[]] = [[], []]
  for (let at = 0; at < count; at++) {
    const first = Math.random() < 0.5 ? 0 : 1
    for (const which of [first, 1 - first] as (0 | 1)[]) samples[which].push(measured(ways[which]))
  }
  return tStatistic(...withoutSlowest(samples))
}
