import { fstatSync, openSync } from 'node:fs'
import { test } from 'tap'
import { createBrokerWith } from '../../src/create-broker.js'
import type { BrokerOptions } from '../../src/config/schema.js'
import type { ConnectionEvent, WarningEvent } from '../../src/native/binding.js'
import { FakeAddon, type FakeEngine } from '../support/fake-addon.js'

const connection: ConnectionEvent = { type: 'connection', id: 1, protocol: 'websocket-publish', peer: '127.0.0.1:1', topics: ['a'] }

function warning(name: string): WarningEvent {
  return { type: 'warning', name, message: name }
}

async function start(options: BrokerOptions = {}) {
  const addon = new FakeAddon()
  const broker = await createBrokerWith(addon, options)
  return { broker, engine: addon.engines[0] as FakeEngine }
}

test('publishing', async (t) => {
  const { broker, engine } = await start()
  t.equal(broker.publish('prices', 'one'), 0)
  t.equal(broker.publish('prices', Buffer.from('two')), 1)
  t.strictSame(engine.calls, ['publish prices one', 'publish prices two'])
  t.throws(() => broker.publish(5 as never, ''), { message: 'topic must be a string, got: number' })
  t.throws(() => broker.publish('a', null as never), { message: 'payload must be a string or a Uint8Array, got: null' })
  t.throws(() => broker.publish('a', {} as never), { message: 'payload must be a string or a Uint8Array, got: object' })
  broker.stop()
})

test('connection events are made only while somebody listens', async (t) => {
  const { broker, engine } = await start()
  const listener = () => {}
  broker.on('warning', listener)
  t.strictSame(engine.calls, [])
  broker.on('connection', listener).on('disconnect', listener)
  t.strictSame(engine.calls, ['setConnectionEvents true'])
  broker.off('connection', listener)
  t.strictSame(engine.calls, ['setConnectionEvents true'])
  broker.off('disconnect', listener)
  t.strictSame(engine.calls, ['setConnectionEvents true', 'setConnectionEvents false'])
  broker.once('connection', listener)
  engine.emit(connection)
  t.strictSame(engine.calls.slice(2), ['setConnectionEvents true', 'setConnectionEvents false'])
  broker.stop()
})

test('events in order', async (t) => {
  const { broker, engine } = await start()
  const seen: string[] = []
  broker.on('connection', ({ peer }) => seen.push(peer))
  broker.on('warning', ({ name }) => seen.push(name))
  engine.emit(warning('a'), connection, warning('b'))
  engine.emit(warning('c'))
  t.strictSame(seen, ['a', '127.0.0.1:1', 'b', 'c'])
  broker.stop()
})

test('regression: who stops the broker in a listener leaves no descriptor of the same batch behind', async (t) => {
  const { broker, engine } = await start()
  const fd = openSync('/dev/null', 'r')
  broker.on('warning', () => broker.stop())
  engine.emit(warning('a'), { type: 'http-connection', protocol: 'pusher', fd, listener: 0, peer: '127.0.0.1:1', secure: false, certificate: null, head: Buffer.of() })
  t.throws(() => fstatSync(fd), { code: 'EBADF' })
})

test('a listener that throws costs nobody else an event', async (t) => {
  const { broker, engine } = await start()
  const seen: string[] = []
  broker.on('warning', ({ name }) => {
    if (name === 'bad') throw new Error('mine')
    seen.push(name)
  })
  const error = new Promise((resolve) => broker.on('error', resolve))
  engine.emit(warning('bad'), warning('good'))
  t.strictSame(seen, ['good'])
  t.match(await error, { message: 'mine' })
  broker.stop()
})

test('close drains, then stops', async (t) => {
  const { broker, engine } = await start()
  const closed = broker.close({ drainMs: 20 })
  t.strictSame(engine.calls, ['drain 20'])
  t.equal(broker.close(), closed, 'a second call joins the first')
  engine.emit({ type: 'drained', cut: 0 })
  t.strictSame(engine.calls, ['drain 20'], 'the engine is not stopped inside its own call')
  t.equal(await closed, true)
  t.strictSame(engine.calls, ['drain 20', 'stop'])
  broker.stop()
  t.strictSame(engine.calls, ['drain 20', 'stop'], 'once')
})

test('a drain that never ends is cut', async (t) => {
  const { broker, engine } = await start({ timeouts: { closeMs: 10 } })
  t.equal(await broker.close({ drainMs: 0 }), false)
  t.strictSame(engine.calls, ['drain 0', 'stop'])
})

test('stop cuts a drain', async (t) => {
  const { broker, engine } = await start({ timeouts: { drainMs: '1h' } })
  const closed = broker.close()
  broker.stop()
  t.equal(await closed, false)
  t.strictSame(engine.calls, ['drain 3600000', 'stop'])
})

test('after the end', async (t) => {
  const { broker, engine } = await start()
  broker.stop()
  for (const call of [() => broker.publish('a', 'b'), () => broker.stats(), () => broker.topicStats()]) {
    t.throws(call, { code: 'ERR_CLOSED', message: 'the broker is closed' })
  }
  broker.on('connection', () => {})
  t.equal(await broker.close(), true)
  t.strictSame(engine.calls, ['stop'])
})

test('drainMs is checked', async (t) => {
  const { broker } = await start()
  for (const drainMs of [-1, NaN, 3_600_001]) {
    await t.rejects(broker.close({ drainMs }), { message: `drainMs must be 0..3600000, got: ${drainMs}` })
  }
  broker.stop()
})

test('counters of what works beside the engine', async (t) => {
  const { broker } = await start()
  let lost = 0
  broker.port.count('log_lines_lost', 'lines lost', () => lost)
  t.equal(broker.stats()['log_lines_lost'], 0)
  lost = 3
  t.equal(broker.stats()['log_lines_lost'], 3)
  t.notOk('log_lines_lost' in (await start()).broker.stats(), 'of this broker only')
})

test('counters', async (t) => {
  const { broker, engine } = await start()
  t.strictSame(broker.stats(), { connections_now: 0 })
  broker.topicStats()
  broker.topicStats(3)
  t.strictSame(engine.calls, ['topicStats 100', 'topicStats 3'])
  broker.stop()
})

test('await using', async (t) => {
  const { broker, engine } = await start()
  const disposed = broker[Symbol.asyncDispose]()
  engine.emit({ type: 'drained', cut: 0 })
  await disposed
  t.strictSame(engine.calls, ['drain 5000', 'stop'])
})
