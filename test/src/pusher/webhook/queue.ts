import { test } from 'tap'
import { WebhookQueue } from '../../../../src/pusher/webhook/queue.js'

/** Each takes 100 bytes with what is kept beside it. */
function text(number: number): string {
  return String(number).padStart(36, '0')
}

test('oldest first, as many as fit, one at least', async (t) => {
  const queue = new WebhookQueue(10_000)
  t.equal(queue.oldestAt, null)
  t.strictSame(queue.take(1000), [])
  for (let at = 0; at < 5; at++) t.equal(queue.add(text(at), at), 0)
  t.equal(queue.oldestAt, 0)
  t.strictSame(queue.take(299), [text(0), text(1)])
  t.strictSame(queue.take(1), [text(2)])
  t.strictSame([queue.count, queue.oldestAt], [2, 3])
  t.strictSame(queue.take(Infinity), [text(3), text(4)])
  t.strictSame([queue.count, queue.oldestAt], [0, null])
})

test('over the bound the oldest go', async (t) => {
  const queue = new WebhookQueue(300)
  t.strictSame([0, 1, 2, 3, 4].map((at) => queue.add(text(at), at)), [0, 0, 0, 1, 1])
  t.strictSame(queue.take(Infinity), [text(2), text(3), text(4)])
  t.equal(queue.add('x'.repeat(236), 5), 0, 'exactly the bound')
  t.equal(queue.add('', 6), 1)
  t.strictSame(queue.take(Infinity), [''])
})

test('what is over the bound alone costs the others nothing', async (t) => {
  const queue = new WebhookQueue(300)
  queue.add(text(0), 0)
  t.equal(queue.add('x'.repeat(237), 1), 1)
  t.strictSame(queue.take(Infinity), [text(0)])
})

test('bytes, not characters', async (t) => {
  const queue = new WebhookQueue(300)
  t.equal(queue.add('€'.repeat(79), 0), 1)
  t.equal(queue.add('€'.repeat(78), 0), 0)
})

test('what is old goes', async (t) => {
  const queue = new WebhookQueue(10_000)
  for (let at = 0; at < 5; at++) queue.add(text(at), at * 10)
  t.equal(queue.dropUntil(-1), 0)
  t.equal(queue.dropUntil(20), 3)
  t.strictSame(queue.take(Infinity), [text(3), text(4)])
})

test('a long life in one bound: as a plain list would', async (t) => {
  const queue = new WebhookQueue(2500 * 100)
  const model: string[] = []
  let wrong = 0
  for (let number = 0; number < 30_000; number++) {
    const lost = queue.add(text(number), number)
    model.push(text(number))
    if (model.splice(0, Math.max(0, model.length - 2500)).length !== lost) wrong++
    if (number % 1700 !== 0) continue
    const taken = queue.take((number % 900) * 100)
    t.strictSame(taken, model.splice(0, Math.max(1, number % 900)), String(number))
    t.equal(queue.count, model.length)
  }
  t.strictSame(queue.take(Infinity), model)
  t.equal(wrong, 0)
})
