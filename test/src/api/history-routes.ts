/** `GET /topics/{topic}/messages` on a broker of plain TypeScript, without a server. */

import { test } from 'tap'
import type { ApiDeps, ApiHistory } from '../../../src/api/api.js'
import { topicMessages } from '../../../src/api/history-routes.js'
import type { HttpRequest, HttpResponse } from '../../../src/http/contract.js'

const nothing: ApiHistory = { epoch: 'run12340', messages: [], next: 'run12340-4', gap: null, oldest: 'run12340--1', keeps: true }
const some: ApiHistory = {
  ...nothing,
  messages: [
    { offset: 5, payload: '{"EUR": 1.08}', event: null },
    { offset: 6, payload: 'hello "you"', event: 'changed' },
    { offset: 7, payload: Buffer.from([0xff]), event: null },
    { offset: 8, payload: '12345678901234567890', event: null },
  ],
  next: 'run12340-8',
}

function start(pages: ApiHistory[]) {
  const asked: object[] = []
  const listeners = new Set<() => void>()
  const deps = {
    history: (topic: string, ask: object) => {
      asked.push({ topic, ...ask })
      return (pages.length > 1 ? pages.shift() : pages[0]) ?? nothing
    },
    onPublished: (_topic: string, listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    draining: () => false,
  }
  function ask(query: string): Promise<HttpResponse> {
    return topicMessages(deps as unknown as ApiDeps, 'a/b', { query } as HttpRequest)
  }
  return { ask, asked, listeners, deps }
}

test('messages are told as they were published', async (t) => {
  const { ask, asked } = start([some])
  const { status, body, headers } = await ask('since=run12340-4&limit=10')
  t.equal(status, 200)
  t.equal(headers['content-type'], 'application/json')
  t.equal(body, '{"epoch":"run12340","messages":[{"offset":5,"data":{"EUR": 1.08}},{"offset":6,"event":"changed","data":"hello \\"you\\""},'
    + '{"offset":7,"base64":"/w=="},{"offset":8,"data":12345678901234567890}],"next":"run12340-8","gap":null}')
  t.strictSame(asked, [{ topic: 'a/b', since: 'run12340-4', limit: 10 }])
})

test('what is asked for, and what is left out', async (t) => {
  const { ask, asked } = start([some])
  await ask('')
  await ask('last=3')
  t.strictSame(asked, [{ topic: 'a/b', limit: 100 }, { topic: 'a/b', last: 3, limit: 100 }])
})

test('a gap is told; with strict it is 410 and from where all is to be had', async (t) => {
  const gap = { from: 'run12340-1', to: 'run12340-2', skipped: 2 }
  const { ask } = start([{ ...some, gap, oldest: 'run12340-2' }])
  t.match(JSON.parse(String((await ask('since=run12340-0')).body)), { gap })
  const strict = await ask('since=run12340-0&strict=1')
  t.equal(strict.status, 410)
  t.match(JSON.parse(String(strict.body)), { status: 410, oldest: 'run12340-2', detail: '2 publications are not kept any more' })
})

test('a long poll is answered by what is published', async (t) => {
  const { ask, asked, listeners } = start([nothing, nothing, some])
  const answered = ask('since=run12340-4&wait=30s')
  t.equal(listeners.size, 1)
  for (const listener of listeners) listener()
  t.match(JSON.parse(String((await answered).body)), { next: 'run12340-8' })
  t.equal(listeners.size, 0)
  t.equal(asked.length, 3)
})

test('a long poll misses nothing that is published while it is set up', async (t) => {
  const { ask, listeners } = start([nothing, some])
  t.match(JSON.parse(String((await ask('since=run12340-4&wait=30s')).body)), { next: 'run12340-8' })
  t.equal(listeners.size, 0)
})

test('a long poll ends with its time, with nothing', async (t) => {
  const { ask, listeners } = start([nothing])
  t.match(JSON.parse(String((await ask('since=run12340-4&wait=1ms')).body)), { messages: [], next: 'run12340-4' })
  t.equal(listeners.size, 0)
})

test('who fails to read at the end of a long poll is told', async (t) => {
  const { ask, deps, listeners } = start([nothing, nothing])
  const answered = ask('wait=30s')
  deps.history = () => {
    throw new Error('closed')
  }
  for (const listener of listeners) listener()
  await t.rejects(answered, { message: 'closed' })
})

test('a topic without a history has none', async (t) => {
  const { ask } = start([{ ...nothing, keeps: false }])
  t.equal((await ask('wait=30s')).status, 404)
})

test('queries that are refused, with the reason', async (t) => {
  const { ask } = start([some])
  const rows: [string, RegExp][] = [
    ['last=0', /^last must be a number from 1 on, got: 0$/],
    ['last=x', /^last must be a number/],
    ['limit=1001', /^limit must be 1\.\.1000, got: 1001$/],
    ['wait=61s', /^wait must be at most 60s, such as 30s or 500ms, got: 61s$/],
    ['wait=-1', /^wait must be/],
    ['strict=yes', /^strict must be 1 or 0, got: yes$/],
    ['since=run12340-1&last=1', /^there must be since or last, got: both$/],
    ['sinze=1', /^a query key must be since, last, limit, wait, strict, got: sinze$/],
  ]
  for (const [query, detail] of rows) {
    const { status, body } = await ask(query)
    t.equal(status, 400, query)
    t.match(JSON.parse(String(body)), { detail }, query)
  }
})
