/** Which topics a pattern of a grant stands for (src/config/grant-pattern.ts says which patterns there are), and for whom. */

import { patternProblem } from '../config/grant-pattern.js'

/** Where a pattern names the subject of whoever holds it. */
const subjectMark = '{sub}'

/** Whether a subject may stand in a pattern: only as a part of one level, never as more than itself. */
function fitsPattern(subject: string | null): subject is string {
  return subject !== null && subject !== '' && !/[/*]/.test(subject)
}

/**
 * The pattern with the subject (null: there is none) for each `{sub}`. Null when the result would not be a pattern for this subject
 * alone: such a pattern grants nothing, to whom has no subject or one that is empty or has a `/`, a `*` or a control character.
 */
export function withSubject(pattern: string, subject: string | null): string | null {
  if (!pattern.includes(subjectMark)) return pattern
  if (!fitsPattern(subject)) return null
  const named = pattern.replaceAll(subjectMark, () => subject) // a function: `$&` in a subject is no reference
  return patternProblem(named) === null ? named : null
}

function levelMatches(pattern: string, level: string): boolean {
  const star = pattern.indexOf('*')
  if (star === -1) return pattern === level
  const end = pattern.length - star - 1
  return level.length > star + end && level.startsWith(pattern.slice(0, star)) && level.endsWith(pattern.slice(star + 1))
}

/** Makes the test of a valid pattern: whether it stands for a topic. It takes time linear in their lengths. */
export function topicMatcher(pattern: string): (topic: string) => boolean {
  if (!pattern.includes('*')) return (topic) => topic === pattern
  const levels = pattern.split('/')
  const takesRest = levels.at(-1) === '**'
  const fixed = takesRest ? levels.slice(0, -1) : levels
  return (topic) => {
    let at = 0
    for (const [index, level] of fixed.entries()) {
      const slash = topic.indexOf('/', at)
      const isLast = !takesRest && index === fixed.length - 1
      if (isLast !== (slash === -1)) return false
      if (!levelMatches(level, topic.slice(at, isLast ? undefined : slash))) return false
      at = slash + 1
    }
    return !takesRest || at < topic.length
  }
}
