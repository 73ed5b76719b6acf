import { test } from 'tap'
import { jsonDepthMax, parseJsonObject } from '../../../src/pusher/json.js'

/** `{"a":{"a":…}}`, so many levels. */
function nested(levels: number): string {
  return `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`
}

test('objects', async (t) => {
  t.strictSame(parseJsonObject('{}'), {})
  t.strictSame(parseJsonObject(' {"a":[1,{"b":null}]} '), { a: [1, { b: null }] })
  t.strictSame(parseJsonObject('{"a":1,"a":2}'), { a: 2 }, 'the last of two equal keys counts, as everywhere in JSON.parse')
})

test('anything else', async (t) => {
  for (const text of ['', ' ', 'null', '1', '"a"', 'true', '[]', '[{}]', '{', '}', '{"a"}', '{a:1}', '{}{}', "{'a':1}", '{"a":1,}', '\u{feff}{}', 'NaN', '{"a":"\n"}']) {
    t.equal(parseJsonObject(text), null, JSON.stringify(text))
  }
})

test('depth', async (t) => {
  t.not(parseJsonObject(nested(jsonDepthMax)), null)
  t.equal(parseJsonObject(nested(jsonDepthMax + 1)), null)
  t.equal(parseJsonObject(`{"a":${'['.repeat(60_000)}`), null)
  t.equal(parseJsonObject(`{"a":${'['.repeat(32)}${']'.repeat(32)}}`), null)
  t.not(parseJsonObject(`{"a":${'[],'.repeat(100).replace(/^/, '[')}[]]}`), null, 'many side by side are not deep')
})

test('brackets in strings do not count', async (t) => {
  const text = JSON.stringify({ a: '['.repeat(100), b: `\\"${'{'.repeat(100)}`, ['['.repeat(50)]: '\\' })
  t.strictSame(parseJsonObject(text), JSON.parse(text))
  t.equal(parseJsonObject(`{"a":"\\"","b":${'['.repeat(40)}`), null, 'an escaped quote ends no string')
})

test('prototypes stay as they are', async (t) => {
  const object = parseJsonObject('{"__proto__":{"event":"pusher:subscribe"},"constructor":{"prototype":{"x":1}}}')
  t.equal(object?.['event'], undefined)
  t.equal(Object.getPrototypeOf(object), Object.prototype)
  t.equal(({} as Record<string, unknown>)['x'], undefined)
})
