import { gzipSync } from 'node:zlib'
import { test } from 'tap'
import { askApi, bodyOf } from '../../support/api/ask-api.js'

function batch(messages: unknown): string {
  return JSON.stringify({ messages })
}

test('texts, values and bytes, in their order', async (t) => {
  const { ask, published } = askApi()
  const answer = await ask('POST', '/publish', { body: batch([
    { topic: 'a', data: 'text' }, { topic: 'b', data: { EUR: 1.08 } }, { topic: 'a', data: null }, { topic: 'c', base64: 'AP+A' }, { topic: 'c', base64: '' },
  ]) })
  t.match(answer, { status: 200, headers: { 'content-type': 'application/json' } })
  t.strictSame(bodyOf(answer), { published: 5, failed: 0, results: ['a', 'b', 'a', 'c', 'c'].map((topic, offset) => ({ topic, offset })) })
  t.strictSame(published, [['a', 'text'], ['b', '{"EUR":1.08}'], ['a', 'null'], ['c', Buffer.from([0, 255, 128])], ['c', Buffer.alloc(0)]])
})

test('each has its own result: those that are refused hold nobody up', async (t) => {
  const { ask, published } = askApi()
  const item = 'an item must be {"topic", "data"} or {"topic", "base64"}, and nothing else'
  const messages = [
    { topic: 'bad', data: 1 }, { topic: 'a', data: 'x'.repeat(101) }, { topic: 'shop/x', data: 1 }, { topic: 'a' }, { data: 1 }, 7, null,
    { topic: 'a', data: 1, base64: '' }, { topic: 'a', base64: 'no base64' }, { topic: 5, data: 1 }, { topic: 'a', data: 'last' },
  ]
  const { published: count, failed, results } = bodyOf(await ask('POST', '/publish', { body: batch(messages) })) as { published: number, failed: number, results: object[] }
  t.strictSame([count, failed, results.length], [1, 10, 11])
  t.match(results.slice(0, 3), [{ topic: 'bad', status: 400, detail: 'a topic must be good, got: bad' }, { topic: 'a', status: 413 }, { topic: 'shop/x', status: 403 }])
  t.strictSame(results.slice(3, 10), ['a', null, null, null, 'a', 'a', null].map((topic) => ({ topic, status: 400, detail: item })))
  t.strictSame(results[10], { topic: 'a', offset: 0 })
  t.strictSame(published, [['a', 'last']])
})

test('what is no batch', async (t) => {
  const { ask, published } = askApi()
  const shape = 'the body must be {"messages": […]} with 1..1000 items'
  for (const [body, detail] of [
    ['', 'the body must be JSON: {"messages": [{"topic", "data"}, …]}'], ['{', 'the body must be JSON: {"messages": [{"topic", "data"}, …]}'],
    ['[]', shape], ['{}', shape], ['null', shape], [batch([]), `${shape}, got: 0`], [batch(Array.from({ length: 1001 }, () => ({ topic: 'a', data: 1 }))), `${shape}, got: 1001`],
    ['{"messages":[{"topic":"a","data":1}],"more":1}', `${shape}, got: 1`],
  ] as const) {
    const answer = await ask('POST', '/publish', { body })
    t.match(bodyOf(answer), { status: 400, detail }, body.slice(0, 40))
  }
  t.match(await ask('POST', '/publish', { headers: { 'content-length': String(5 * 2 ** 20) } }), { status: 413 })
  t.strictSame(published, [])
})

test('a thousand at once, compressed on their way', async (t) => {
  const { ask, published } = askApi({ token: 'a-token-of-the-api' })
  const body = gzipSync(batch(Array.from({ length: 1000 }, (_, at) => ({ topic: `t${at}`, data: at }))))
  const asking = { body, headers: { 'content-encoding': 'gzip' } }
  t.match(await ask('POST', '/publish', asking), { status: 401 })
  const answer = await ask('POST', '/publish', { ...asking, headers: { ...asking.headers, authorization: 'Bearer a-token-of-the-api' } })
  t.match(bodyOf(answer), { published: 1000, failed: 0 })
  t.equal(published.length, 1000)
  const bomb = gzipSync(Buffer.alloc(5 * 2 ** 20))
  t.match(await ask('POST', '/publish', { body: bomb, headers: { 'content-encoding': 'gzip', authorization: 'Bearer a-token-of-the-api' } }), { status: 413 })
})
