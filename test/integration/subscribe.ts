/** Broker.subscribe on a real engine: what listeners hear, and that a busy program holds up nobody but itself. */

import { test } from 'tap'
import type { Message } from '../../src/index.js'
import { runScript, workerUrl } from './support/script.js'
import { embed } from './support/embedded.js'
import { eventually } from './support/eventually.js'
import { connect } from './support/ws-client.js'

test('a listener hears what sockets and the program publish, in the order of the topic', async (t) => {
  const { broker, publishUrl, subscribeUrl } = await embed(t, { shards: 2 })
  const [writer, reader] = [await connect(t, `${publishUrl}/t`), await connect(t, `${subscribeUrl}/t`)]
  broker.publish('t', 'before')
  const heard: Message[] = []
  broker.subscribe('t', (message) => heard.push(message))
  broker.publish('t', 'é from here')
  broker.publish('t', Buffer.from([0, 255]))
  for (let at = 0; at < 300; at += 1) await writer.send(`over a socket ${at}`)
  await reader.has(303)
  await eventually('all messages', () => heard.length === 302)
  t.strictSame(heard.slice(0, 2), [
    { topic: 't', payload: 'é from here', offset: 1, dropped: 0 }, { topic: 't', payload: Buffer.from([0, 255]), offset: 2, dropped: 0 },
  ])
  t.strictSame(heard.map(({ payload }) => String(payload)), reader.texts().slice(1))
  t.equal(broker.stats()['heard'], 302)
  t.equal(broker.topicStats()[0]?.subscribers, 2)
})

test('a program that is busy loses the oldest, knows how many, and keeps no subscriber waiting', async (t) => {
  const { broker } = await embed(t)
  const heard: Message[] = []
  const subscription = broker.subscribe('t', (message) => heard.push(message), { messagesMax: 10 })
  const published = 1000
  for (let at = 0; at < published; at += 1) broker.publish('t', String(at)) // this loop is the busy program
  await eventually('the last one', () => heard.at(-1)?.payload === String(published - 1))
  t.equal(heard.reduce((sum, { dropped }) => sum + dropped + 1, 0), published, 'every publication was heard or counted')
  t.ok(subscription.dropped >= 1, `${subscription.dropped} dropped`)
  t.equal(subscription.dropped, broker.stats()['heard_dropped'])
  t.ok(heard.every(({ offset, dropped }, at) => offset === (heard[at - 1]?.offset ?? -1) + dropped + 1), 'where they are missing')
})

test('options are held to their bounds', async (t) => {
  const { broker } = await embed(t)
  const attempt = (options: object) => () => broker.subscribe('t', () => {}, options)
  t.throws(attempt({ messagesMax: 0 }), { name: 'RangeError', message: 'messagesMax must be a whole number, 1..1000000, got: 0' })
  t.throws(attempt({ bytesMax: 2 ** 31 }), { name: 'RangeError', message: 'bytesMax must be a whole number, 1..1073741824, got: 2147483648' })
  t.throws(attempt({ messagesMax: '5' }), { name: 'TypeError', message: 'messagesMax must be a number, got: "5"' })
  t.throws(() => broker.subscribe('', () => {}), { code: 'ERR_TOPIC' })
  const subscription = broker.subscribe('t', () => {})
  await eventually('the subscription', () => broker.topicStats()[0]?.subscribers === 1)
  subscription.unsubscribe()
  await eventually('its end', () => broker.topicStats()[0]?.subscribers === 0)
  t.equal(broker.stats()['subscriptions_now'], 0)
})

test('close lets listeners hear what was published before it', async (t) => {
  const { broker } = await embed(t, { shards: 2 })
  const heard: unknown[] = []
  broker.subscribe('t', ({ payload }) => heard.push(payload))
  for (let at = 0; at < 1000; at += 1) broker.publish('t', String(at))
  t.equal(await broker.close(), true)
  t.strictSame(heard, Array.from({ length: 1000 }, (_, at) => String(at)))
})

/** Publishes to itself without end. */
const busy = `
  const broker = await start()
  let heard = 0
  broker.subscribe('t', () => {
    heard += 1
    if (heard === 2000) parentPort?.postMessage('busy')
  })
  const publishMore = () => {
    for (let at = 0; at < 100; at += 1) broker.publish('t', 'x'.repeat(1000))
    setImmediate(publishMore)
  }
  publishMore()`

test('workers that listen end at any time', async (t) => {
  const { stdout, stderr, code, signal } = await runScript(t, `
    for (let round = 0; round < 5; round += 1) {
      const worker = new Worker(${workerUrl(busy)})
      await new Promise((resolve) => worker.once('message', resolve))
      await worker.terminate()
    }
    await new Promise((resolve) => new Worker(${workerUrl(`${busy}\nsetTimeout(() => process.exit(0), 200)`)}).on('exit', resolve))
    console.log('alive')`)
  t.strictSame({ stdout, stderr, code, signal }, { stdout: 'alive\n', stderr: '', code: 0, signal: null })
})
