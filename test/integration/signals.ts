/** SIGTERM and SIGINT drain, a second one ends at once. Every other signal: signals-others.ts. */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { openRaw } from './support/raw-client.js'
import { connect, connectMany } from './support/ws-client.js'

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal}: everybody gets 1001, exit 0`, async (t) => {
    const broker = await startBroker(t, { args: ['--drain-ms', '200'] })
    const readers = await connectMany(t, 30, broker.subscribeUrl)
    const writer = await connect(t, broker.publishUrl)
    const exit = broker.stop(signal)
    for (const client of [...readers, writer]) t.strictSame(await client.closed, { code: 1001, reason: 'shutting down' })
    t.strictSame(await exit, { code: 0, signal: null })
    t.match(broker.log.map(({ event }) => event).slice(-2), ['draining', 'stopped'])
    t.equal(broker.stderr(), '')
  })
}

test('nobody connected: it ends at once', async (t) => {
  const broker = await startBroker(t, { args: ['--drain-ms', '1h'] })
  t.strictSame(await broker.stop(), { code: 0, signal: null })
})

for (const { signal, code } of [{ signal: 'SIGTERM', code: 143 }, { signal: 'SIGINT', code: 130 }] as const) {
  test(`a second ${signal} ends at once`, async (t) => {
    const broker = await startBroker(t, { args: ['--drain-ms', '1h'] })
    const silent = await Promise.all([openRaw(t, broker.subscribePort), openRaw(t, broker.subscribePort)])
    broker.process.kill(signal)
    await broker.logged(({ event }) => event === 'draining')
    t.strictSame(await broker.stop(signal), { code, signal: null })
    for (const client of silent) await client.rest()
  })
}

test('clients that do not answer the close are cut', async (t) => {
  const broker = await startBroker(t, { args: ['--drain-ms', '50', '--set', 'timeouts.closeMs=100'] })
  const silent = await openRaw(t, broker.subscribePort)
  t.strictSame(await broker.stop(), { code: 0, signal: null })
  t.equal((await silent.frame()).payload.readUInt16BE(0), 1001)
})
