/**
 * Patterns of topics, as grants name them. Topics and patterns are split into levels at each `/`; an empty level is one, too.
 *
 * | a level of the pattern | stands for |
 * | --- | --- |
 * | without a star | the same level, byte for byte |
 * | with one `*`, such as `*`, `eur-*`, `*.log` | any level that begins and ends so, with at least one character for the star |
 * | `**`, the last level only | whatever is left of the topic, at least one character, with `/` or without |
 *
 * So a pattern without stars is a topic, `prices/*` holds neither `prices` nor `prices/` nor `prices/eur/bid`, and `**` holds every topic.
 * A star that stands in a topic's name is a character like any other, which only a star of a pattern can stand for. The engine's matcher
 * and this one are held to the same table, test/support/grants/pairs.json.
 */

/** Bytes of UTF-8 in one pattern, at most: as many as the longest topic may have. */
export const patternBytesMax = 1024

const controlOrLone = /[\p{Cc}\p{Cs}]/u

function levelProblem(level: string, isLast: boolean): string | null {
  if (level === '**') return isLast ? null : 'must have ** as its last level only'
  return level.indexOf('*') === level.lastIndexOf('*') ? null : 'must have at most one * in a level, or ** as the last level'
}

/** Why a text is no pattern, as `must …`; null for a pattern. */
export function patternProblem(text: string): string | null {
  if (text === '' || Buffer.byteLength(text) > patternBytesMax) return `must be 1..${patternBytesMax} bytes`
  if (controlOrLone.test(text)) return 'must be without control characters'
  const levels = text.split('/')
  return levels.map((level, at) => levelProblem(level, at === levels.length - 1)).find((problem) => problem !== null) ?? null
}
