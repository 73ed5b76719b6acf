import { test } from 'tap'
import { subscribe, type ConnectionState, type SubscribeOptions, type SubscriptionEvent } from '../../../src/client/node.js'
import { EnvelopeServer } from '../../support/client/envelope-server.js'

interface Ear {
  readonly events: SubscriptionEvent[]
  readonly states: ConnectionState[]
  /** Resolves when `found` is true of what has come so far. */
  until(found: () => boolean): Promise<void>
}

/** Hears by callbacks. */
function ear(): Ear & Pick<SubscribeOptions, 'onMessage' | 'onGap' | 'onState'> {
  const events: SubscriptionEvent[] = []
  const states: ConnectionState[] = []
  let waiters: [found: () => boolean, resolve: () => void][] = []
  function look(): void {
    for (const [found, resolve] of waiters) if (found()) resolve()
    waiters = waiters.filter(([found]) => !found())
  }
  function put<Item>(list: Item[]): (item: Item) => void {
    return (item) => {
      list.push(item)
      look()
    }
  }
  const until = (found: () => boolean) => new Promise<void>((resolve) => {
    waiters.push([found, resolve])
    look()
  })
  return { events, states, until, onMessage: put<SubscriptionEvent>(events), onGap: put<SubscriptionEvent>(events), onState: put(states) }
}

const soon = { retryMs: 20, retryMsMax: 50 }

function datas(events: readonly SubscriptionEvent[]): unknown[] {
  return events.map((event) => (event.type === 'gap' ? `gap ${event.skipped}` : event.data))
}

function lives(states: readonly ConnectionState[]): number {
  return states.filter(({ state }) => state === 'live').length
}

test('messages and gaps by the iterator, until it is left', async (t) => {
  const server = await EnvelopeServer.start(t)
  server.publish('a', 'before')
  const heard = ear()
  const subscription = subscribe(server.url, { topics: 'a', onState: heard.onState, ...soon })
  await heard.until(() => lives(heard.states) === 1)
  server.publish('a', '{"EUR":1}')
  server.publish('a', 'no JSON')
  const got: SubscriptionEvent[] = []
  for await (const event of subscription) {
    got.push(event)
    if (got.length === 2) break
  }
  t.strictSame(got, [
    { type: 'message', topic: 'a', position: 'epoch0-1', data: { EUR: 1 } }, { type: 'message', topic: 'a', position: 'epoch0-2', data: 'no JSON' },
  ])
  t.strictSame(subscription.positions, { a: 'epoch0-2' })
  await subscription.done
  t.strictSame(server.targets, ['envelope=1&topic=a'])
})

test('what was missed comes first, in order, nothing twice, and a connection that was lost is told', async (t) => {
  const server = await EnvelopeServer.start(t)
  const heard = ear()
  const subscription = subscribe(server.url, { topics: ['a', 'b'], ...heard, ...soon })
  t.teardown(() => subscription.close())
  await heard.until(() => lives(heard.states) === 2)
  server.publish('a', '1')
  server.publish('b', '2')
  await heard.until(() => heard.events.length === 2)
  server.cut()
  for (const text of ['3', '4']) server.publish('a', text)
  server.publish('b', '5')
  await heard.until(() => heard.events.length === 5)
  t.strictSame(datas(heard.events).sort(), [1, 2, 3, 4, 5])
  t.strictSame(server.targets, ['envelope=1&topic=a&since=&topic=b&since=', 'envelope=1&topic=a&since=epoch0-0&topic=b&since=epoch1-0'])
  t.match(heard.states.find(({ state }) => state === 'lost'), { topics: ['a', 'b'], reason: '1006' })
  t.strictSame(subscription.positions, { a: 'epoch0-2', b: 'epoch1-1' })
})

test('before anything was published there is a position, too', async (t) => {
  const server = await EnvelopeServer.start(t)
  const heard = ear()
  const subscription = subscribe(server.url, { topics: 'a', ...heard, ...soon })
  t.teardown(() => subscription.close())
  await heard.until(() => lives(heard.states) === 1)
  server.cut()
  server.publish('a', '1')
  await heard.until(() => heard.events.length === 1)
  t.strictSame(datas(heard.events), [1])
})

test('what is not kept any more is a gap, counted where it can be', async (t) => {
  const server = await EnvelopeServer.start(t)
  server.keeps = 2
  const heard = ear()
  const subscription = subscribe(server.url, { topics: 'a', ...heard, ...soon })
  t.teardown(() => subscription.close())
  await heard.until(() => lives(heard.states) === 1)
  server.publish('a', '0')
  await heard.until(() => heard.events.length === 1)
  server.cut()
  for (const text of ['1', '2', '3', '4', '5']) server.publish('a', text)
  await heard.until(() => heard.events.length === 4)
  t.strictSame(datas(heard.events), [0, 'gap 3', 4, 5])
  t.strictSame(heard.events[1], { type: 'gap', topic: 'a', from: 'epoch0-1', to: 'epoch0-3', skipped: 3 })
  server.cut()
  server.forget() // a broker that was started anew
  server.publish('a', '0')
  await heard.until(() => heard.events.length === 6)
  t.strictSame(datas(heard.events.slice(4)), ['gap null', 0])
  t.strictSame(subscription.positions, { a: 'epoch1-0' })
})

test('where to begin: a position, the beginning, the last ones, positions of another day', async (t) => {
  const server = await EnvelopeServer.start(t)
  const position = server.publish('a', '0')
  for (const text of ['1', '2']) server.publish('a', text)
  server.publish('b', '3')
  const cases: [options: SubscribeOptions, events: unknown[]][] = [
    [{ topics: 'a', since: position }, [1, 2]],
    [{ topics: 'a', since: 'beginning' }, [0, 1, 2]],
    [{ topics: 'a', last: 1 }, [2]],
    [{ topics: ['a', 'b'], since: { a: 'epoch0-1', b: 'beginning' } }, [2, 3]],
    [{ topics: ['a', 'b'], since: { b: 'beginning' }, topicsPerConnection: 1 }, [3]],
  ]
  for (const [options, events] of cases) {
    const heard = ear()
    const subscription = subscribe(server.url, { ...options, ...heard })
    await heard.until(() => heard.events.length === events.length)
    subscription.close()
    t.strictSame(datas(heard.events), events, JSON.stringify(options))
  }
})

test('bytes are a Uint8Array, a hole that the server did not tell is a gap, and what comes twice comes once', async (t) => {
  const server = await EnvelopeServer.start(t)
  const heard = ear()
  const subscription = subscribe(server.url, { topics: 'a', ...heard })
  t.teardown(() => subscription.close())
  await heard.until(() => lives(heard.states) === 1)
  server.say('{"topic":"a","epoch":"epoch0","offset":0,"base64":"AP+A"}')
  for (const offset of [0, 3, 2, 3]) server.say(`{"topic":"a","epoch":"epoch0","offset":${offset},"data":${offset}}`)
  server.say('{"gap":{"topic":"a","from":"epoch0-4","to":"epoch0-6","skipped":3}}')
  server.say('{"topic":"a","epoch":"epoch0","offset":7,"data":7}')
  await heard.until(() => heard.events.length === 5)
  t.strictSame(datas(heard.events), [Uint8Array.of(0, 255, 128), 'gap 2', 3, 'gap 3', 7])
})

test('a server that does not speak so ends it, and says what came', async (t) => {
  const server = await EnvelopeServer.start(t)
  for (const [said, message] of [
    ['hello', 'the server must speak ?envelope=1, got: hello'], ['{"topic":"a"}', 'the server must speak ?envelope=1, got: {"topic":"a"}'],
    ['null', 'the server must speak ?envelope=1, got: null'],
    ['{"topic":"x","epoch":"e","offset":0,"data":0}', 'the server sends a topic that was not asked for (the URL must name none), got: x'],
  ] as const) {
    const heard = ear()
    const subscription = subscribe(server.url, { topics: 'a', onState: heard.onState })
    await heard.until(() => lives(heard.states) === 1)
    server.say(said)
    await t.rejects(subscription.done, { name: 'SubscriptionError', message })
    await t.rejects(subscription[Symbol.asyncIterator]().next(), { message })
  }
})
