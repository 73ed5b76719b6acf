import { test } from 'tap'
import { userIdOf } from '../../../src/pusher/user-id.js'

test('texts, and numbers by their digits', async (t) => {
  const ids: readonly (readonly [json: string, id: string])[] = [
    ['"a"', 'a'], ['"\\u0061\\""', 'a"'], ['"10"', '10'], ['" "', ' '], [`"${'x'.repeat(128)}"`, 'x'.repeat(128)],
    ['0', '0'], ['10', '10'], ['-7', '-7'], ['9007199254740991', '9007199254740991'], ['9007199254740993', '9007199254740993'],
    ['1152921504606846977', '1152921504606846977'], ['12345678901234567890', '12345678901234567890'], ['10.0', '10'], ['-3.000', '-3'],
    ['9'.repeat(128), '9'.repeat(128)],
  ]
  for (const [json, id] of ids) t.equal(userIdOf(json), id, json)
})

test('none', async (t) => {
  const none = ['null', 'true', '[]', '{}', '""', '["a"]', '1.5', '1e3', '1E3', '10.05', '-0', `"${'x'.repeat(129)}"`, '9'.repeat(129), '"a\\u0000"', '"\\ud800"']
  for (const json of none) t.equal(userIdOf(json), null, json)
  t.equal(userIdOf(undefined), null)
})
