import { test } from 'tap'
import type { WebhookEvent } from '../../../../src/pusher/contract.js'
import { WebhookReceiver, headsArrived, status, until } from '../../../support/pusher/webhook/webhook-receiver.js'
import { wallMs, webhooksOf } from '../../../support/pusher/webhook/webhooks-of.js'

type Settings = Parameters<typeof webhooksOf>[2]

interface Test {
  teardown(task: () => unknown): void
}

/** An endpoint over real connections. */
async function start(t: Test, settings: Settings = {}) {
  const receiver = await new WebhookReceiver().start(t)
  return { receiver, ...webhooksOf(t, [{ url: receiver.url }], settings) }
}

function event(number: number, data = ''): WebhookEvent {
  return { name: 'client_event', channel: 'private-c', event: `client-${number}`, data, socket_id: '1.2' }
}

function numbers(receiver: WebhookReceiver): number[] {
  return receiver.events.map(({ event: name }) => Number(String(name).slice('client-'.length)))
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at)
}

test('events that come together go together', async (t) => {
  const { receiver, clock, subject } = await start(t)
  subject.post(event(0))
  clock.advance(600)
  subject.post(event(1))
  clock.advance(400)
  await until(() => subject.counts.delivered === 2)
  subject.post(event(2))
  clock.advance(1000)
  await until(() => subject.counts.delivered === 3)
  t.strictSame([receiver.received.length, numbers(receiver)], [2, [0, 1, 2]])
  t.strictSame(receiver.received.map(({ connection }) => connection), [1, 1], 'one connection')
})

test('what comes while a batch is on its way waits for its own batch', async (t) => {
  const { receiver, clock, subject, attempts, ended } = await start(t)
  const answers: (() => void)[] = []
  receiver.answer = (response) => answers.push(() => response.end())
  subject.post(event(0))
  clock.advance(1000)
  await receiver.request(1)
  clock.advance(200)
  subject.post(event(1))
  clock.advance(300)
  subject.post(event(2))
  t.equal(receiver.received.length, 1, 'one request at a time')
  answers[0]?.()
  await ended(1)
  clock.advance(699)
  t.equal(attempts.begun, 1)
  clock.advance(1)
  await receiver.request(2)
  answers[1]?.()
  await until(() => subject.counts.delivered === 3)
  t.strictSame(numbers(receiver), [0, 1, 2])
})

test('a batch is not bigger than receivers take; an event that is goes alone', async (t) => {
  const { receiver, clock, subject } = await start(t)
  for (const number of upTo(40)) subject.post(event(number, 'x'.repeat(number === 20 ? 200_000 : 10_000)))
  clock.advance(1000)
  await until(() => subject.counts.delivered === 40)
  t.strictSame(numbers(receiver), upTo(40))
  const sizes = receiver.received.map(({ body }) => body.length)
  t.equal(sizes.filter((size) => size > 65_536).length, 1)
  t.ok(sizes.length < 12, `${sizes.length} requests`)
})

test('without a time to gather in everything goes at once', async (t) => {
  const { receiver, subject } = await start(t, { batchMs: 0 })
  subject.post(event(0))
  await until(() => subject.counts.delivered === 1)
  t.strictSame(numbers(receiver), [0])
})

test('an endpoint that is down is asked ever more seldom, with the same bytes, for 5 minutes', async (t) => {
  const { receiver, clock, lines, subject, attempts, ended } = await start(t)
  receiver.answer = status(500)
  subject.post(event(0))
  clock.advance(1000)
  const waits = [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, 57_000]
  for (const [at, wait] of waits.entries()) {
    await ended(at + 1)
    clock.advance(wait - 1)
    t.equal(attempts.begun, at + 1)
    clock.advance(1)
    t.equal(attempts.begun, at + 2, `after ${wait} ms`)
  }
  await ended(waits.length + 1)
  t.strictSame(subject.counts, { delivered: 0, lost: 1, waiting: 0 })
  t.equal(new Set(receiver.received.map(({ body, headers }) => `${headers['x-pusher-signature']} ${body}`)).size, 1)
  t.match(receiver.received[10]?.body, `{"time_ms":${wallMs + 1000},`)
  clock.advance(100_000)
  t.equal(attempts.begun, waits.length + 1)
  t.equal(lines[0], `webhook ${receiver.url}: attempts that failed: 1, got: status 500`)
  t.match(lines.at(-1), /events lost after all attempts: 1$/)
  t.ok(lines.length <= 12, `${lines.length} lines`)
})

test('chance takes up to half of a rest', async (t) => {
  const receiver = await new WebhookReceiver().start(t)
  receiver.answer = status(500)
  const { clock, subject, attempts, ended } = webhooksOf(t, [{ url: receiver.url }], {}, 0)
  subject.post(event(0))
  clock.advance(1000)
  for (const [at, wait] of [500, 1000, 2000].entries()) {
    await ended(at + 1)
    clock.advance(wait - 1)
    t.equal(attempts.begun, at + 1)
    clock.advance(1)
    t.equal(attempts.begun, at + 2)
  }
})

/** [status, whether it is a success]. */
const statuses: [number, boolean][] = [
  [200, true], [201, true], [204, true], [299, true], [300, false], [301, false], [302, false], [304, false], [307, false],
  [400, false], [401, false], [404, false], [410, false], [429, false], [500, false], [503, false], [599, false],
]

test('only 2xx is a success', async (t) => {
  for (const [code, success] of statuses) {
    const { receiver, clock, subject, ended } = await start(t)
    receiver.answer = status(code, { location: '/elsewhere' })
    subject.post(event(0))
    clock.advance(1000)
    await ended(1)
    t.strictSame(subject.counts, { delivered: success ? 1 : 0, lost: 0, waiting: success ? 0 : 1 }, String(code))
    t.strictSame(receiver.received.map(({ path }) => path), ['/hook'])
  }
})

test('nobody there: order and everything is kept until somebody is', async (t) => {
  const { receiver, clock, lines, subject, attempts, ended } = await start(t)
  const away = webhooksOf(t, [{ url: 'http://127.0.0.1:1/hook' }]) // tcpmux: nobody has that
  away.subject.post(event(0))
  away.clock.advance(1000)
  await away.ended(1)
  t.match(away.lines[0], /attempts that failed: 1, got: .*ECONNREFUSED/)

  receiver.answer = (response) => response.destroy()
  for (const number of upTo(10)) {
    subject.post(event(number))
    clock.advance(1000)
    await until(() => attempts.ended === attempts.begun)
  }
  t.match(lines[0], /attempts that failed: 1, got: socket hang up$/)
  receiver.answer = status(200)
  const failed = receiver.received.length
  clock.advance(8000)
  await until(() => subject.counts.delivered === 10)
  receiver.received.splice(0, failed)
  t.strictSame(numbers(receiver), upTo(10))
  await ended(failed + 2)
})

test('a slow endpoint: requests never overlap, and one that takes too long is made again', async (t) => {
  const { receiver, clock, lines, subject, attempts, ended } = await start(t)
  const hanging: (() => void)[] = []
  receiver.answer = (response) => hanging.push(() => response.end())
  subject.post(event(0))
  clock.advance(1000)
  await receiver.request(1)
  subject.post(event(1))
  clock.advance(4999)
  t.strictSame([attempts.begun, attempts.ended], [1, 0])
  clock.advance(1)
  await ended(1)
  t.match(lines[0], /attempts that failed: 1, got: no answer within 5000 ms$/)
  await until(() => receiver.open === 0)
  clock.advance(1000)
  await receiver.request(2)
  clock.advance(4000)
  hanging[1]?.()
  await receiver.request(3)
  hanging[2]?.()
  await until(() => subject.counts.delivered === 2)
  t.strictSame(numbers(receiver), [0, 0, 1])
})

test('an answer whose body never ends is taken when its time is over', async (t) => {
  const { receiver, clock, subject, ended } = await start(t)
  const heads = headsArrived(t)
  receiver.answer = (response) => response.write('x')
  subject.post(event(0))
  clock.advance(1000)
  await until(() => heads() === 1)
  clock.advance(5000)
  await ended(1)
  t.equal(subject.counts.delivered, 1)
})

test('a flapping endpoint gets everything in its order, and each once as far as it says so', async (t) => {
  const { receiver, clock, subject, attempts } = await start(t)
  const taken: string[] = []
  receiver.answer = (response, { body }) => {
    const good = receiver.received.length % 3 === 0
    if (good) taken.push(body)
    if (receiver.received.length % 3 === 1) response.destroy()
    else response.writeHead(good ? 200 : 502).end()
  }
  for (const number of upTo(200)) {
    subject.post(event(number))
    clock.advance(300)
    await until(() => attempts.ended === attempts.begun)
  }
  while (subject.counts.waiting > 0) {
    clock.advance(1000)
    await until(() => attempts.ended === attempts.begun)
  }
  const events = taken.flatMap((body) => (JSON.parse(body) as { events: { event: string }[] }).events)
  t.strictSame(events.map((each) => each.event), upTo(200).map((number) => `client-${number}`))
  t.strictSame(subject.counts, { delivered: 200, lost: 0, waiting: 0 })
})

test('after a success the back-off begins anew', async (t) => {
  const { receiver, clock, subject, attempts, ended } = await start(t)
  receiver.answer = status(500)
  subject.post(event(0))
  clock.advance(1000)
  await ended(1)
  clock.advance(1000)
  await ended(2)
  receiver.answer = status(200)
  clock.advance(2000)
  await ended(3)
  receiver.answer = status(500)
  subject.post(event(1))
  clock.advance(1000)
  await ended(4)
  clock.advance(1000)
  t.equal(attempts.begun, 5)
})

test('memory is bounded: the oldest go, counted, with few lines in the log', async (t) => {
  const { receiver, clock, lines, subject, ended } = await start(t, { queueBytesMax: '64KiB' })
  receiver.answer = status(500)
  subject.post(event(0))
  clock.advance(1000)
  await ended(1)
  for (const number of upTo(10_000)) subject.post(event(number + 1))
  const { lost, waiting } = subject.counts
  t.equal(lost + waiting, 10_001)
  t.ok(waiting > 100 && waiting < 1000, `${waiting} wait`)
  receiver.answer = status(200)
  clock.advance(1000)
  await until(() => subject.counts.waiting === 0)
  receiver.received.shift()
  t.strictSame(numbers(receiver), [0, ...upTo(waiting - 1).map((at) => 10_001 - (waiting - 1) + at)], 'the newest, in order')
  clock.advance(20_000)
  t.strictSame(lines, [
    `webhook ${receiver.url}: attempts that failed: 1, got: status 500`,
    `webhook ${receiver.url}: events lost because too many waited: ${lost}`,
  ])
})

test('a long outage: what has waited as long as a batch was tried goes with it', async (t) => {
  const { receiver, clock, subject, ended } = await start(t, { retryMs: 60_000 })
  receiver.answer = status(500)
  subject.post(event(0))
  clock.advance(1000)
  const waits = [1000, 2000, 4000, 8000, 16_000, 29_000]
  for (const [at, wait] of waits.entries()) {
    await ended(at + 1)
    subject.post(event(at + 1))
    clock.advance(wait)
  }
  await ended(7)
  t.strictSame(subject.counts, { delivered: 0, lost: 1, waiting: 6 }, 'nothing has waited for retryMs and requestMs yet')
  receiver.answer = status(200)
  clock.advance(60_000)
  await ended(8)
  t.strictSame(numbers(receiver).slice(-6), [1, 2, 3, 4, 5, 6])

  receiver.answer = status(500)
  const other = webhooksOf(t, [{ url: receiver.url }], { retryMs: 10_000 })
  other.subject.post(event(0))
  other.clock.advance(1000)
  await other.ended(1)
  other.subject.post(event(1))
  other.clock.advance(1000)
  await other.ended(2)
  for (const wait of [2000, 4000]) {
    other.clock.advance(wait)
    await other.ended(other.attempts.begun)
  }
  other.clock.advance(20_000) // the last attempt is late: a process may sleep
  await other.ended(5)
  t.strictSame(other.subject.counts, { delivered: 0, lost: 2, waiting: 0 })
})

test('without a time to try again each batch is tried once', async (t) => {
  const { receiver, clock, subject, ended } = await start(t, { retryMs: 0, batchMs: 0 })
  receiver.answer = status(500)
  subject.post(event(0))
  subject.post(event(1))
  await ended(1)
  t.strictSame(subject.counts, { delivered: 0, lost: 1, waiting: 1 })
  receiver.answer = status(200)
  clock.advance(1000)
  await ended(2)
  t.strictSame([numbers(receiver), subject.counts], [[0, 1], { delivered: 1, lost: 1, waiting: 0 }])
})
