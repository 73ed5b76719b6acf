import { test } from 'tap'
import { readAnswer } from '../../../../src/auth/webhook/answer.js'

test('answers', async (t) => {
  const read = (text: string) => readAnswer(Buffer.from(text))
  t.strictSame(read('{"allow": false, "publish": 1}'), { allow: false })
  t.strictSame(read('{"allow": true, "subject": "u1", "why": "x"}'), { allow: true, subject: 'u1' })
  t.throws(() => read('secret'), { message: 'the answer is no JSON' })
  t.throws(() => read('{"allow": "secret"}'), { message: 'the answer is wrong at allow' })
  t.throws(() => read('{"allow": true, "publish": ["a", "secret**"]}'), { message: 'the answer is wrong at publish.1' })
  t.throws(() => read('[]'), { message: /^the answer is wrong/ })
})

test('a prototype is no answer', async (t) => {
  t.throws(() => readAnswer(Buffer.from('{"__proto__": {"allow": true}}')), { message: 'the answer is wrong at allow' })
})
