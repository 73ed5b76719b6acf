import { test } from 'tap'
import { printable } from '../../../src/log/printable.js'

test('control characters become escapes, everything else stays', async (t) => {
  t.equal(printable('Grüße, 世界 🎉'), 'Grüße, 世界 🎉')
  t.equal(printable('a\u001b[31mred\r\nb\u0000\u009b'), 'a\\u{1b}[31mred\\u{d}\\u{a}b\\u{0}\\u{9b}')
})
