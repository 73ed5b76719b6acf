import { test } from 'tap'
import { patternBytesMax, patternProblem } from '../../../src/config/grant-pattern.js'

test('what is no pattern', async (t) => {
  const lone = '\ud800'
  for (const text of [
    '', '***', 'a**', '**a', 'a/**/b', '**/a', '**/', '**/**', 'a/b**', 'a*b*', '*a*', 'a/*x*/b', '* *', 'a\nb', '\0', '\u007f', '\u0085', lone, `${lone}*`,
    'a'.repeat(patternBytesMax + 1), 'é'.repeat(patternBytesMax / 2 + 1),
  ]) t.match(patternProblem(text), /^must /, JSON.stringify(text.slice(0, 20)))
  for (const text of ['a'.repeat(patternBytesMax), 'é'.repeat(patternBytesMax / 2), ' ', '{sub}', '{sub', '*{sub}', '{sub}/**']) {
    t.equal(patternProblem(text), null, text.slice(0, 20))
  }
})
