import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { topicMatcher, withSubject } from '../../../src/auth/topic-pattern.js'
import { patternBytesMax, patternProblem } from '../../../src/config/grant-pattern.js'

/** [pattern, topic, whether it stands for it]: the engine's matcher is held to the same. */
const pairs = JSON.parse(readFileSync(new URL('../../support/grants/pairs.json', import.meta.url), 'utf8')) as [string, string, boolean][]

/** What the rules say, as a regular expression. */
function reference(pattern: string): RegExp {
  const source = pattern.replace(/\*\*$|\*|[^*]+/g, (part) => {
    if (part === '**') return '[^]+'
    return part === '*' ? '[^/]+' : part.replace(/[.\\+?^${}()|[\]]/g, '\\$&')
  })
  return new RegExp(`^${source}$`)
}

test('the table of patterns and topics', async (t) => {
  t.ok(pairs.length >= 200, `${pairs.length} pairs`)
  for (const [pattern, topic, expected] of pairs) {
    t.equal(patternProblem(pattern), null, pattern)
    t.equal(topicMatcher(pattern)(topic), expected, `${pattern} for ${topic}`)
    t.equal(reference(pattern).test(topic), expected, `the reference: ${pattern} for ${topic}`)
  }
})

/** Numbers from a seed, 0 or more and below 2^32. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state
  }
}

test('any pattern and topic: as the reference says', async (t) => {
  const seed = Date.now() >>> 0
  const next = numbers(seed)
  const text = (pieces: readonly string[]) => Array.from({ length: 1 + (next() >>> 16) % 7 }, () => pieces[(next() >>> 16) % pieces.length]).join('')
  let compared = 0
  let matched = 0
  const wrong: string[] = []
  while (compared < 20_000) {
    const pattern = text(['a', 'b', '*', '/', '/**', 'ab', 'é'])
    if (patternProblem(pattern) !== null) continue
    const topic = text(['a', 'b', '/', 'ab', 'é', '*'])
    const is = topicMatcher(pattern)(topic)
    if (is !== reference(pattern).test(topic)) wrong.push(`${pattern} for ${topic}`)
    compared++
    if (is) matched++
  }
  t.strictSame(wrong, [], `seed ${seed}`)
  t.ok(matched > 500, `${matched} matched`)
})

test('{sub} is the subject', async (t) => {
  const rows: [string, string | null, string | null][] = [
    ['users/{sub}/in', 'u1', 'users/u1/in'],
    ['{sub}', 'u1', 'u1'],
    ['{sub}/{sub}', 'a.b@c', 'a.b@c/a.b@c'],
    ['x-{sub}-*/**', '😀', 'x-😀-*/**'],
    ['users/{sub}', '$&', 'users/$&'],
    ['users/{sub}', '{sub}', 'users/{sub}'],
    ['users/{SUB}', 'u1', 'users/{SUB}'],
    ['users/**', null, 'users/**'],
    ['users/**', '*', 'users/**'],
  ]
  for (const [pattern, subject, expected] of rows) t.equal(withSubject(pattern, subject), expected, `${pattern} of ${subject}`)
})

test('no subject widens a pattern', async (t) => {
  for (const subject of [null, '', '*', '**', '/', 'a/b', '../a', 'a*', '*/', 'a/**', '\n', 'a\0', '\ud800', 'x'.repeat(patternBytesMax + 1)]) {
    for (const pattern of ['{sub}', 'users/{sub}', 'users/{sub}/**', '{sub}/a', 'a{sub}', '*{sub}']) {
      t.equal(withSubject(pattern, subject), null, `${pattern} of ${JSON.stringify(subject?.slice(0, 10))}`)
    }
  }
})
