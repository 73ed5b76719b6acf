import { test } from 'tap'
import { Refusal, emptyAnswer, got, jsonAnswer, refusalAnswer } from '../../../../src/pusher/http/answer.js'

test('values in messages', async (t) => {
  const cases: [unknown, string][] = [
    [undefined, 'nothing'], [null, 'nothing'], [5, '5'], [true, 'true'], [[1, 2], 'a list of 2'], [{ a: 1 }, 'an object'],
    ['', '""'], ['plain', '"plain"'], ['a\nb\u001b[2J\u009b', '"a\\nb\\u001b[2J\\u{9b}"'],
    ['x'.repeat(500), `"${'x'.repeat(100)}…"`],
  ]
  for (const [value, text] of cases) t.equal(got(value), text)
})

test('a refusal is a line of text', async (t) => {
  t.strictSame(refusalAnswer(new Refusal(400, 'why, got: x')), {
    status: 400, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'why, got: x\n',
  })
})

test('what may be tried again says when', async (t) => {
  const statuses = [400, 401, 403, 413, 429, 503] as const
  const after = statuses.map((status) => refusalAnswer(new Refusal(status, '')).headers['retry-after'])
  t.strictSame(after, [undefined, undefined, undefined, undefined, '1', '1'])
})

test('an answer is JSON', async (t) => {
  t.strictSame(jsonAnswer({ a: [1] }), { status: 200, headers: { 'content-type': 'application/json' }, body: '{"a":[1]}' })
  t.strictSame(emptyAnswer, jsonAnswer({}))
})
