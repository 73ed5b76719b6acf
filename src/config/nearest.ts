/** The word someone probably meant. */

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/**
 * The known word nearest to `word`, or null when none differs by at most a quarter of its letters. A `prefix` that all
 * words share does not count among the letters.
 */
export function nearest(word: string, known: readonly string[], prefix = ''): string | null {
  const scored = known.map((candidate) => ({ candidate, score: distance(word.toLowerCase(), candidate.toLowerCase()) }))
  const best = scored.sort((a, b) => a.score - b.score)[0]
  return best !== undefined && best.score <= Math.ceil((best.candidate.length - prefix.length) / 4) ? best.candidate : null
}
