import { test } from 'tap'
import { readHistory } from '../../src/history.js'
import type { HistoryAsk, HistoryPage } from '../../src/native/binding.js'

const page: HistoryPage = {
  epoch: 'run12340', keeps: true, firstOffset: 5, nextOffset: 7, oldestOffset: 2, whole: true, skipped: 0,
  messages: [{ payload: 'a', offset: 5, event: null }, { payload: 'b', offset: 6, event: 'e' }],
}

function start(answer: HistoryPage) {
  const asked: [string, HistoryAsk][] = []
  return { asked, engine: { history: (topic: string, ask: HistoryAsk) => { asked.push([topic, ask]); return answer } } }
}

test('positions of what is kept, of what comes next, and of the oldest', async (t) => {
  const { engine } = start(page)
  t.strictSame(readHistory(engine, 'a', {}), {
    topic: 'a', epoch: 'run12340', keeps: true, gap: null, next: 'run12340-6', oldest: 'run12340-1',
    messages: [{ payload: 'a', offset: 5, event: null, position: 'run12340-5' }, { payload: 'b', offset: 6, event: 'e', position: 'run12340-6' }],
  })
  t.equal(readHistory(start({ ...page, messages: [] }).engine, 'a', {}).next, 'run12340-4')
  t.equal(readHistory(start({ ...page, firstOffset: 0, messages: [] }).engine, 'a', {}).next, 'run12340--1')
})

test('gaps', async (t) => {
  t.strictSame(readHistory(start({ ...page, whole: false, skipped: 2 }).engine, 'a', {}).gap, { from: 'run12340-3', to: 'run12340-4', skipped: 2 })
  t.strictSame(readHistory(start({ ...page, whole: false, skipped: null }).engine, 'a', {}).gap, { from: null, to: null, skipped: null })
})

test('what is asked of the engine', async (t) => {
  const { engine, asked } = start(page)
  readHistory(engine, 'a', {})
  readHistory(engine, 'a', { since: 'beginning', limit: 2 })
  readHistory(engine, 'a', { last: 3 })
  t.match(asked, [
    ['a', { since: null, last: 4294967295, messagesMax: 1000 }], ['a', { since: 'beginning', last: null, messagesMax: 2 }],
    ['a', { since: null, last: 3, messagesMax: 1000 }],
  ])
})

test('what is refused', async (t) => {
  const { engine } = start(page)
  t.throws(() => readHistory(engine, 1 as never, {}), TypeError)
  t.throws(() => readHistory(engine, 'a', { since: 1 as never }), { message: 'since must be a string, got: 1' })
  t.throws(() => readHistory(engine, 'a', { since: 'x', last: 1 }), { message: 'there must be since or last, got: both' })
  t.throws(() => readHistory(engine, 'a', { limit: 0 }), { message: 'limit must be 1..100000, got: 0' })
  t.throws(() => readHistory(engine, 'a', { last: 0 }), RangeError)
})
