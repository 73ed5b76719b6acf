import { test } from 'tap'
import { Refusal } from '../../../../src/pusher/http/answer.js'
import { parametersMax, parseQuery } from '../../../../src/pusher/http/query.js'

/** [query, what is signed of it]. */
const accepted: [string, string][] = [
  ['', ''],
  ['a=1', 'a=1'],
  ['b=2&a=1', 'a=1&b=2'],
  ['c=3&a=1&b=2', 'a=1&b=2&c=3'],
  ['B=X&a=Y', 'a=Y&b=X'],
  ['a', 'a='],
  ['a=', 'a='],
  ['a=1=2', 'a=1=2'],
  ['a=%C3%A9%2C%3D', 'a=é,='],
  ['%61%62=1', 'ab=1'],
  ['a=1+2', 'a=1+2'],
  ['auth_signature=x&a=1', 'a=1'],
  ['a=1&auth_signature=x', 'a=1'],
  ['a=1&', 'a=1'],
  ['__proto__=1&constructor=2', '__proto__=1&constructor=2'],
  ['ab=1&a=2', 'a=2&ab=1'],
  ['a_=1&a-=2', 'a-=2&a_=1'],
]

/** [query, the refusal]. */
const refused: [string, string][] = [
  ['a=1&a=2', 'a parameter must not come twice, got: "a"'],
  ['a=1&b=2&A=1', 'a parameter must not come twice, got: "a"'],
  ['a=1&%61=1', 'a parameter must not come twice, got: "a"'],
  ['=1', 'a parameter must have a name, got: "=1"'],
  ['&a=1', 'a parameter must have a name, got: ""'],
  ['a=1&&b=2', 'a parameter must have a name, got: ""'],
  ['a=%', 'a query must be percent-encoded UTF-8, got: "%"'],
  ['a=%4', 'a query must be percent-encoded UTF-8, got: "%4"'],
  ['a=%zz', 'a query must be percent-encoded UTF-8, got: "%zz"'],
  ['a=1%26b=2', 'a parameter must not have a separator in it, got: "1&b=2"'],
  ['a%26b=1', 'a parameter must not have a separator in it, got: "a&b"'],
  ['a%3Db=1', 'a parameter must not have a separator in it, got: "a=b"'],
  ['a=1%0A2', 'a parameter must not have a separator in it, got: "1\\n2"'],
  ['%ff=1', 'a query must be percent-encoded UTF-8, got: "%ff"'],
  ['a=%c3%28', 'a query must be percent-encoded UTF-8, got: "%c3%28"'],
  ['a=%ed%a0%80', 'a query must be percent-encoded UTF-8, got: "%ed%a0%80"'],
]

function refusalOf(text: string): string {
  try {
    parseQuery(text)
    return 'accepted'
  } catch (error) {
    if (error instanceof Refusal && error.status === 400) return error.message
    throw error
  }
}

test('names ascending and in small letters, all unescaped', async (t) => {
  for (const [text, signed] of accepted) t.equal(parseQuery(text).textWithout('auth_signature'), signed, text)
})

test('refused queries', async (t) => {
  for (const [text, message] of refused) t.equal(refusalOf(text), message, text)
})

test('values by name', async (t) => {
  const query = parseQuery('auth_key=K&Info=a%2Cb&empty=')
  t.strictSame(['auth_key', 'info', 'empty', 'Info', 'toString'].map((name) => query.value(name)), ['K', 'a,b', '', null, null])
})

test('so many parameters and no more', async (t) => {
  const many = (count: number) => Array.from({ length: count }, (_, at) => `p${count - at}=1`).join('&')
  t.equal(refusalOf(many(parametersMax)), 'accepted')
  t.equal(refusalOf(many(parametersMax + 1)), 'a query must have at most 32 parameters, got: more')
})
