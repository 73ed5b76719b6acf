import { test } from 'tap'
import { elementTexts, memberTexts } from '../../../src/pusher/json-slices.js'

/** From a seed: the same values in every run. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}

const scalars = ['0', '-1.50', '1e+9', '1152921504606846977', '1.10', 'true', 'null', '"a"', '"\\"[{,:}]\\\\"', '""', '"\\u00e9é"', '[]', '{}', '[ ]', '{ }']

test('values stay as they were written', async (t) => {
  const object = ' { "a" : 1152921504606846977 ,\n"b":{"x": 1.10,"y":[1, "],}"]}\t,"c\\u0064":"\\"}" , "d":[1 ,2],"e":null } '
  t.strictSame([...memberTexts(object)], [
    ['a', '1152921504606846977'], ['b', '{"x": 1.10,"y":[1, "],}"]}'], ['cd', '"\\"}"'], ['d', '[1 ,2]'], ['e', 'null'],
  ])
  t.strictSame(elementTexts(' [ 1.10 , "a,b" ,[1,[2]] , {"a":[3]},null]'.trim()), ['1.10', '"a,b"', '[1,[2]]', '{"a":[3]}', 'null'])
  for (const empty of ['{}', ' { } ', '{\n}']) t.equal(memberTexts(empty).size, 0)
  for (const empty of ['[]', '[ ]', '[\n\t]']) t.strictSame(elementTexts(empty), [])
})

test('of equal names the last counts; names are names of nothing else', async (t) => {
  t.strictSame([...memberTexts('{"a":1,"b":2,"\\u0061":3}')], [['a', '3'], ['b', '2']])
  t.equal(memberTexts('{"x":{"user_id":1}}').get('user_id'), undefined, 'a member of a member is none of the object')
  t.strictSame([...memberTexts('{"__proto__":{"a":1},"":2}')], [['__proto__', '{"a":1}'], ['', '2']])
})

test('whatever the object: each text is its member, and nothing of it is lost', async (t) => {
  const random = randomFrom(7)
  const pick = (values: readonly string[]) => values[Math.floor(random() * values.length)] as string
  const space = () => pick(['', '', ' ', '\n\t', '  '])
  const value = (depth: number): string => {
    const kind = depth === 0 ? 0 : random()
    if (kind < 0.5) return pick(scalars)
    const items = Array.from({ length: Math.floor(random() * 4) }, () => value(depth - 1))
    if (kind < 0.75) return `[${items.map((item) => `${space()}${item}${space()}`).join(',')}]`
    return `{${items.map((item, n) => `${space()}"k${n}"${space()}:${space()}${item}${space()}`).join(',')}}`
  }
  for (let run = 0; run < 2000; run += 1) {
    const values = Array.from({ length: Math.floor(random() * 5) }, () => value(3))
    const object = `${space()}{${values.map((text, n) => `${space()}"n${n}"${space()}:${space()}${text}${space()}`).join(',')}}${space()}`
    JSON.parse(object)
    const [found, elements] = [memberTexts(object), elementTexts(`[${values.join(` ${space()},`)}]`)]
    if (JSON.stringify([...found.values()]) !== JSON.stringify(values) || JSON.stringify(elements) !== JSON.stringify(values)) t.fail(object)
  }
  t.pass('2000 objects')
})
