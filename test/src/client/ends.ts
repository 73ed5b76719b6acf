/** How connections and subscriptions end: refusals, tokens, programs that are slow or wrong, and what nobody waits for. */

import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { test } from 'tap'
import { subscribe, type ConnectionState, type SubscriptionEvent } from '../../../src/client/node.js'
import { subscribe as subscribeInBrowser } from '../../../src/client/client.js'
import { EnvelopeServer } from '../../support/client/envelope-server.js'
import { eventually } from '../../integration/support/eventually.js'

const soon = { retryMs: 10, retryMsMax: 20 }

/** What a subprotocol `bearer.…` stands for. */
function tokenIn(offer: string | undefined): string {
  const [first, second = ''] = (offer ?? '').split(',')
  return first === 'bearer' ? Buffer.from(second.replace('bearer.', ''), 'base64url').toString() : 'none'
}

test('a token goes as a subprotocol, and a function is asked before each connection', async (t) => {
  const server = await EnvelopeServer.start(t)
  const fixed = subscribe(server.url, { topics: 'a', token: 'a+token/of=' })
  await eventually('a connection', () => server.connections === 1)
  fixed.close()
  t.equal(tokenIn(server.offers[0]), 'a+token/of=')
  let asked = 0
  const renewed = subscribe(server.url, { topics: 'a', token: async () => `token-${asked += 1}`, ...soon })
  t.teardown(() => renewed.close())
  await eventually('another', () => server.offers.length === 2)
  await eventually('it is open', () => server.connections === 1)
  server.cut(1008, 'token expired')
  await eventually('one after the refusal', () => server.offers.length === 3)
  server.answers.push(401)
  await eventually('it is open again', () => server.connections === 1)
  server.cut()
  await eventually('one after the next', () => server.offers.length === 4)
  t.strictSame(server.offers.slice(1).map(tokenIn), ['token-1', 'token-2', 'token-4'], 'the third was refused in the handshake')
})

test('a token that cannot be had now is asked for again', async (t) => {
  const server = await EnvelopeServer.start(t)
  const states: ConnectionState[] = []
  let asked = 0
  const subscription = subscribe(server.url, {
    topics: 'a', ...soon, onState: (state) => states.push(state),
    token() {
      asked += 1
      if (asked < 3) throw new Error('the login is down')
      return 'token'
    },
  })
  t.teardown(() => subscription.close())
  await eventually('a connection', () => server.connections === 1)
  t.match(states.slice(0, 2), [{ state: 'lost', reason: 'there is no token: Error: the login is down' }, { state: 'lost' }])
})

test('refusals that would come again end it: with a status, with a close code', async (t) => {
  const server = await EnvelopeServer.start(t)
  for (const status of [400, 401, 403, 404]) {
    server.answers.push(status)
    const { done } = subscribe(server.url, { topics: 'a', token: 'fixed', ...soon })
    await t.rejects(done, { name: 'SubscriptionError', message: `the server has ended it: the connection was refused with ${status}`, code: status })
  }
  for (const code of [1000, 1002, 1003, 1007, 1008, 1009]) {
    const subscription = subscribe(server.url, { topics: 'a', ...soon })
    await eventually('a connection', () => server.connections === 1)
    server.cut(code, 'why')
    await t.rejects(subscription.done, { message: `the server has ended it: ${code} why`, code })
  }
  await eventually('nobody is left', () => server.connections === 0)
})

test('others are tried again', async (t) => {
  const server = await EnvelopeServer.start(t)
  server.answers.push(503, 429, 500)
  const states: ConnectionState[] = []
  const subscription = subscribe(server.url, { topics: 'a', ...soon, onState: (state) => states.push(state) })
  t.teardown(() => subscription.close())
  for (const code of [1001, 1012, 1013]) {
    await eventually('a connection', () => server.connections === 1)
    server.cut(code)
  }
  await eventually('a connection', () => server.connections === 1)
  const lost = states.flatMap((state) => (state.state === 'lost' ? [state.reason] : []))
  t.strictSame(lost, [...[503, 429, 500].map((status) => `the connection was refused with ${status}`), '1001', '1012', '1013'])
  for (const state of states) if (state.state === 'lost') t.ok(state.retryMs >= 0 && state.retryMs <= 20)
})

test('AbortSignal and close', async (t) => {
  const server = await EnvelopeServer.start(t)
  const abort = new AbortController()
  const subscription = subscribe(server.url, { topics: 'a', signal: abort.signal })
  const next = subscription[Symbol.asyncIterator]().next()
  await eventually('a connection', () => server.connections === 1)
  abort.abort(new Error('enough'))
  await t.rejects(next, { message: 'enough' })
  await t.rejects(subscription.done, { message: 'enough' })
  await eventually('it has gone', () => server.connections === 0)
  await t.rejects(subscribe(server.url, { topics: 'a', signal: AbortSignal.abort() }).done, { name: 'AbortError' })

  const closed = subscribe(server.url, { topics: 'a', since: 'beginning' })
  await eventually('a connection', () => server.connections === 1)
  server.publish('a', '1')
  server.publish('a', '2')
  const events: SubscriptionEvent[] = []
  for await (const event of closed) {
    events.push(event)
    if (events.length === 1) await eventually('the second waits', () => server.connections === 1)
    closed.close()
  }
  t.match(events[0], { data: 1 })
  await closed.done
  t.equal(server.targets.length, 2, 'nobody connects when it is over')
})

test('a program that is slow gets everything all the same: connections wait for it', async (t) => {
  const server = await EnvelopeServer.start(t)
  const count = 500
  const subscription = subscribe(server.url, { topics: 'a', since: 'beginning', waitingMax: 10, ...soon })
  for (let text = 0; text < count; text += 1) server.publish('a', String(text))
  await eventually('it has enough', () => server.targets.length === 1 && server.connections === 0)
  const got: unknown[] = []
  for await (const event of subscription) {
    got.push(event.type === 'message' ? event.data : event)
    if (got.length === 7) t.strictSame(subscription.positions, { a: 'epoch0-6' }, 'what it has got, not what waits')
    if (got.length === count) break
  }
  t.strictSame(got, Array.from({ length: count }, (_, at) => at))
  t.ok(server.targets.length > 10, `${server.targets.length} connections`)
})

test('what a listener throws is its own', async (t) => {
  const server = await EnvelopeServer.start(t)
  const faults: unknown[] = []
  const keep = (fault: unknown) => faults.push(fault)
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException').on('uncaughtException', keep)
  t.teardown(() => {
    process.off('uncaughtException', keep)
    for (const listener of others) process.on('uncaughtException', listener)
  })
  const got: unknown[] = []
  const subscription = subscribe(server.url, {
    topics: 'a', since: 'beginning',
    onMessage({ data }) {
      got.push(data)
      throw new Error(`fault ${String(data)}`)
    },
  })
  t.teardown(() => subscription.close())
  server.publish('a', '1')
  server.publish('a', '2')
  await eventually('both', () => got.length === 2 && faults.length === 2)
  t.match(faults, [{ message: 'fault 1' }, { message: 'fault 2' }])
  t.equal(server.targets.length, 1)
})

test('a server that never answers is given up and tried again', async (t) => {
  const sockets = new Set<Socket>()
  const silent = createServer((socket) => void sockets.add(socket.on('error', () => {}))).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const reasons: string[] = []
  const subscription = subscribe(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`, {
    topics: 'a', connectMs: 30, ...soon, onState: (state) => state.state === 'lost' && reasons.push(state.reason),
  })
  await eventually('twice', () => reasons.length === 2)
  subscription.close()
  t.equal(reasons[0], 'not connected after 30 ms')
  for (const socket of sockets) socket.destroy()
  silent.close()
})

test('wrong use', async (t) => {
  const url = 'ws://127.0.0.1:1'
  t.throws(() => subscribe('tcp://localhost', { topics: 'a' }), { name: 'TypeError', message: 'url must be ws://<host>:<port> or wss://…, got: tcp://localhost' })
  t.throws(() => subscribe(url, { topics: [] }), { message: 'topics must be a topic or a list of them, got: an empty list' })
  t.throws(() => subscribe(url, { topics: ['a', ''] }), { message: 'topics must be texts of at least one character, got: ""' })
  t.throws(() => subscribe(url, { topics: ['a', 'b'], since: 'e-1' }), { message: 'since must be an object of positions by topic where there are several topics, got: a text' })
  t.throws(() => subscribe(url, { topics: 'a', last: 0 }), { name: 'RangeError', message: 'last must be a whole number from 1, got: 0' })
  t.throws(() => subscribe(url, { topics: 'a', waitingMax: 1.5 }), { message: 'waitingMax must be a whole number from 1, got: 1.5' })
  const own = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket') // Node has one from 22 on
  Object.defineProperty(globalThis, 'WebSocket', { value: undefined, configurable: true })
  t.throws(() => subscribeInBrowser(url, { topics: 'a' }), { message: 'options.WebSocket must be a class where the platform has none, got: nothing' })
  if (own !== undefined) Object.defineProperty(globalThis, 'WebSocket', own)
  const heard = subscribe(url, { topics: 'a', onMessage: () => {} })
  t.throws(() => heard[Symbol.asyncIterator](), { message: 'a subscription with onMessage must be without an iterator, got: both' })
  heard.close()
  await heard.done
})
