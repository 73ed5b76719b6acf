/** What signals do that are not meant to end a broker in order. */

import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { connect } from './support/ws-client.js'

/** Longer than a peer's silence is borne there. */
const stoppedMs = 500

for (const signal of ['SIGHUP', 'SIGUSR1'] as const) {
  test(`${signal} ends nothing and drains nothing, and one line says so`, async (t) => {
    const broker = await startBroker(t)
    const reader = await connect(t, broker.subscribeUrl)
    const writer = await connect(t, broker.publishUrl)
    broker.process.kill(signal)
    t.match(await broker.logged(({ event }) => event === 'signal-ignored'), { signal, msg: new RegExp(`^${signal} changes nothing: `) })
    await writer.send('after it')
    await reader.has(1)
    t.strictSame(await broker.stop(), { code: 0, signal: null })
    t.equal(broker.log.filter(({ event }) => event === 'signal-ignored').length, 1)
    t.equal(broker.stderr(), '', 'no debugger listens')
  })
}

test('signals that mean nothing to a broker do nothing, not even a line', async (t) => {
  const broker = await startBroker(t)
  const reader = await connect(t, broker.subscribeUrl)
  const writer = await connect(t, broker.publishUrl)
  const { length } = broker.log
  for (const signal of ['SIGPIPE', 'SIGXFSZ', 'SIGWINCH', 'SIGURG', 'SIGCHLD', 'SIGCONT'] as const) broker.process.kill(signal)
  await writer.send('after them')
  await reader.has(1)
  t.equal(broker.log.length, length)
  t.strictSame(await broker.stop(), { code: 0, signal: null })
})

test('a broker that was stopped goes on where it was', async (t) => {
  const broker = await startBroker(t, { args: ['--set', 'timeouts.pingIntervalMs=100', 'timeouts.pongMs=100'] })
  const reader = await connect(t, broker.subscribeUrl)
  const writer = await connect(t, broker.publishUrl)
  broker.process.kill('SIGSTOP')
  await writer.send('meanwhile')
  await pause(stoppedMs)
  broker.process.kill('SIGCONT')
  await reader.has(1)
  t.strictSame(await broker.stop(), { code: 0, signal: null })
})

for (const signal of ['SIGALRM', 'SIGQUIT'] as const) {
  test(`${signal} ends it at once, as it does to every program`, async (t) => {
    const broker = await startBroker(t)
    t.strictSame(await broker.stop(signal), { code: null, signal })
  })
}
