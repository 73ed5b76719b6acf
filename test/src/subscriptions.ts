/** Subscribers within the process, on an engine of plain TypeScript. */

import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'tap'
import { createBrokerWith } from '../../src/create-broker.js'
import type { HeardMessage } from '../../src/native/binding.js'
import type { Message } from '../../src/subscriptions.js'
import { FakeAddon, type FakeEngine } from '../support/fake-addon.js'

async function start() {
  const addon = new FakeAddon()
  const broker = await createBrokerWith(addon)
  const engine = addon.engines[0] as FakeEngine
  return { broker, engine, hear: (id: number, ...messages: HeardMessage[]) => {
    engine.heard.get(id)?.push(...messages)
    engine.emit({ type: 'heard', id })
  } }
}

function message(offset: number): HeardMessage {
  return { payload: `at ${offset}`, offset, dropped: 0 }
}

test('a listener gets what its topic brings', async (t) => {
  const { broker, engine, hear } = await start()
  const seen: Message[] = []
  const subscription = broker.subscribe('prices', (each) => seen.push(each))
  broker.subscribe('news', (each) => seen.push(each), { messagesMax: 5, bytesMax: 1000 })
  t.strictSame(engine.calls, ['listen prices 10000 8388608', 'listen news 5 1000'])
  hear(1, message(0), { payload: Buffer.from('b'), offset: 3, dropped: 2 })
  hear(2, message(0))
  t.strictSame(seen, [
    { topic: 'prices', ...message(0) }, { topic: 'prices', payload: Buffer.from('b'), offset: 3, dropped: 2 }, { topic: 'news', ...message(0) },
  ])
  t.equal(subscription.topic, 'prices')
  t.equal(subscription.dropped, 10)
  broker.stop()
})

test('who has unsubscribed hears nothing more, not even of what was taken already', async (t) => {
  const { broker, engine, hear } = await start()
  const seen: number[] = []
  const subscription = broker.subscribe('a', ({ offset }) => {
    seen.push(offset)
    subscription.unsubscribe()
  })
  hear(1, message(0), message(1))
  subscription.unsubscribe()
  hear(1, message(2))
  t.strictSame(seen, [0])
  t.strictSame(engine.calls, ['listen a 10000 8388608', 'unlisten 1'], 'once')
  t.equal(subscription.dropped, 10, 'as it was at the end')
  {
    using one = broker.subscribe('b', () => {})
    await using two = broker.subscribe('c', () => {})
    t.strictSame([one.topic, two.topic], ['b', 'c'])
  }
  t.strictSame(engine.calls.slice(-2), ['unlisten 3', 'unlisten 2'])
  broker.stop()
})

test('much comes in parts, others have their turn in between', async (t) => {
  const { broker, hear } = await start()
  let heard = 0
  broker.subscribe('a', () => {
    heard += 1
  })
  hear(1, ...Array.from({ length: 600 }, (_, offset) => message(offset)))
  t.equal(heard, 256)
  await turn()
  t.equal(heard, 512)
  await turn()
  t.equal(heard, 600)
  broker.stop()
})

test('what a listener throws is an error of the broker, and costs nobody a message', async (t) => {
  const { broker, hear } = await start()
  const seen: number[] = []
  const error = new Promise((resolve) => broker.once('error', resolve))
  broker.subscribe('a', ({ offset }) => {
    if (offset === 0) throw new Error('mine')
    seen.push(offset)
  })
  hear(1, message(0), message(1))
  t.strictSame(seen, [1])
  t.match(await error, { message: 'mine' })
  broker.stop()
})

test('close lets listeners hear what was published, stop does not', async (t) => {
  for (const closes of [true, false]) {
    const { broker, engine } = await start()
    const seen: number[] = []
    broker.subscribe('a', ({ offset }) => seen.push(offset))
    const closed = closes ? broker.close() : null
    engine.heard.get(1)?.push(message(0), message(1))
    if (closes) engine.emit({ type: 'drained', cut: 0 })
    else broker.stop()
    await closed
    t.strictSame(seen, closes ? [0, 1] : [])
    t.strictSame(engine.calls.slice(-2), ['stop', 'unlisten 1'])
    t.throws(() => broker.subscribe('a', () => {}), { code: 'ERR_CLOSED' })
  }
})

test('what is no topic or listener', async (t) => {
  const { broker } = await start()
  t.throws(() => broker.subscribe(5 as never, () => {}), { name: 'TypeError', message: 'topic must be a string, got: 5' })
  t.throws(() => broker.subscribe('a', null as never), { name: 'TypeError', message: 'listener must be a function, got: null' })
  broker.stop()
})
