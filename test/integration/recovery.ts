/** Subscribers that lose their connections at random while much is published: each gets everything, in order, once. */

import { test } from 'tap'
import { WebSocket } from 'ws'
import { subscribe, type SubscriptionEvent } from '../../src/client/node.js'
import { embed } from './support/embedded.js'
import { eventually } from './support/eventually.js'

const history = [{ topics: '*', messages: 20_000, bytes: '16MiB' }]

/** Numbers below `most`, the same in every run. */
function randomFrom(seed: number): (most: number) => number {
  let state = seed
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * most)
  }
}

/** Sockets of clients that can be cut from outside, as a network would. */
function cuttable() {
  const open = new Set<WebSocket>()
  class Cuttable extends WebSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols)
      open.add(this)
      this.once('close', () => open.delete(this))
    }
  }
  const cut = (random: (most: number) => number) => {
    const all = [...open]
    all[random(all.length)]?.terminate()
  }
  return { open, cut, Cuttable }
}

test('200 subscribers, 10,000 publications, connections cut all the time', async (t) => {
  const { broker, subscribeUrl } = await embed(t, { history, historyBytesMax: '128MiB' })
  const topics = ['a', 'b', 'c', 'd']
  const [subscribers, publications] = [200, 10_000]
  const random = randomFrom(7)
  const { cut, Cuttable } = cuttable()
  const ears = Array.from({ length: subscribers }, (_, number) => {
    const topic = topics[number % topics.length] ?? ''
    const events: SubscriptionEvent[] = []
    let live = false
    const hear = (event: SubscriptionEvent) => void events.push(event)
    const subscription = subscribe(subscribeUrl, {
      topics: topic, onMessage: hear, onGap: hear, WebSocket: Cuttable, retryMs: 5, retryMsMax: 20,
      onState: ({ state }) => { live ||= state === 'live' },
    })
    t.teardown(() => subscription.close())
    return { topic, events, isLive: () => live }
  })
  await eventually('all of them are there', () => ears.every(({ isLive }) => isLive()))
  let cuts = 0
  for (let number = 0; number < publications; number += 1) {
    broker.publish(topics[number % topics.length] ?? '', JSON.stringify({ number }))
    if (number % 20 === 0) {
      cut(random)
      cuts += 1
      await new Promise(setImmediate)
    }
  }
  const each = publications / topics.length
  await eventually('the last one', () => ears.every(({ events }) => events.length >= each))
  for (const { topic, events } of ears) {
    const got = events.map((event) => (event.type === 'message' ? (event.data as { number: number }).number : `a gap of ${event.skipped}`))
    const first = topics.indexOf(topic)
    t.strictSame(got, Array.from({ length: each }, (_, number) => number * topics.length + first), topic)
  }
  t.equal(cuts, 500)
  const { recoveries_whole: whole = 0, recoveries_with_gap: gaps = 0 } = broker.stats()
  t.ok(whole > 300, `${whole} came back`)
  t.equal(gaps, 0)
})

test('what a history does not keep is a gap of exactly so many', async (t) => {
  const { broker, subscribeUrl } = await embed(t, { history: [{ topics: '*', messages: 5 }] })
  const { open, cut, Cuttable } = cuttable()
  const events: SubscriptionEvent[] = []
  const hear = (event: SubscriptionEvent) => void events.push(event)
  let lives = 0
  const subscription = subscribe(subscribeUrl, {
    topics: 'a', onMessage: hear, onGap: hear, WebSocket: Cuttable, retryMs: 200, retryMsMax: 200,
    onState: ({ state }) => { lives += state === 'live' ? 1 : 0 },
  })
  t.teardown(() => subscription.close())
  await eventually('it is there', () => lives === 1)
  broker.publish('a', '0')
  await eventually('the first', () => events.length === 1)
  cut(() => 0)
  await eventually('it is gone', () => open.size === 0)
  for (let number = 1; number <= 12; number += 1) broker.publish('a', String(number))
  await eventually('the last', () => events.length >= 7)
  t.strictSame(events.map((event) => (event.type === 'gap' ? `gap ${event.skipped}` : event.data)), [0, 'gap 7', 8, 9, 10, 11, 12])
})
