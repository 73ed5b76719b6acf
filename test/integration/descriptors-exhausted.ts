/**
 * Without descriptors the broker keeps serving those connected, does not spin, and takes the waiting ones in when there
 * are descriptors again.
 */

import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { eventually } from './support/eventually.js'
import { cpuMs, leaveOpenFiles, limitOpenFiles } from './support/proc.js'
import { RawClient, upgradeRequest } from './support/raw-client.js'
import { connect, connectMany } from './support/ws-client.js'

const waiting = 40
const spare = 5
const watchedMs = 1500

test('EMFILE', async (t) => {
  const broker = await startBroker(t, { args: ['--drain-ms', '0', '--set', 'timeouts.closeMs=100'] })
  const pid = broker.process.pid ?? 0
  const readers = await connectMany(t, 10, broker.subscribeUrl)
  const writer = await connect(t, broker.publishUrl)
  leaveOpenFiles(pid, spare)

  let answered = 0
  const late = Array.from({ length: waiting }, () => {
    const client = new RawClient(t, { host: '127.0.0.1', port: broker.subscribePort })
    client.write(upgradeRequest('/'))
    client.head().then(() => { answered += 1 }, () => {}) // some leave before they are served
    return client
  })
  const { msg } = await broker.logged(({ event }) => event === 'accept-failed')
  t.match(msg, /^cannot accept connections \(Too many open files\), trying again in \d+ ms$/)
  await eventually('the spare ones are used', () => answered === spare)

  const cpuBefore = cpuMs(pid)
  const from = performance.now()
  let sent = 0
  while (performance.now() - from < watchedMs) {
    await writer.send(`message ${sent}`)
    sent += 1
    await Promise.all(readers.map((reader) => reader.has(sent)))
    await pause(20)
  }
  const cpu = cpuMs(pid) - cpuBefore
  t.ok(cpu < watchedMs / 3, `it does not spin: ${cpu} ms of CPU in ${watchedMs} ms`)
  t.equal(answered, spare, 'nobody else got in')

  for (const client of late.slice(0, spare)) client.socket.destroy()
  await eventually('as many get in as have left', () => answered === 2 * spare)
  limitOpenFiles(pid, 1024)
  await eventually('everybody else gets in', () => answered === waiting)
  await writer.send('to all')
  await readers[0]?.has(sent + 1)
  t.equal((await broker.stop()).code, 0)
})

test('started with few descriptors', async (t) => {
  const broker = await startBroker(t, { args: ['--set', 'limits.connectionsMax=8'] })
  const ready = await broker.logged(({ event }) => event === 'ready')
  t.equal(ready['connectionsMax'], 8)
  t.match((await broker.logged(({ event }) => event === 'hint')).msg, /only 8 connections at a time/)
})
