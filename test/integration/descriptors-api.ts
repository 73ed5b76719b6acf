/** Clients of the API, however many, leave subscribers their descriptors; too few of them for anything is one line. */

import { connect as connectTcp } from 'node:net'
import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { exitOf, spawnCli, textOf } from '../support/cli.js'
import { eventually } from './support/eventually.js'
import { connect } from './support/ws-client.js'

const openFiles = 512
const drippers = 700

test('a subscriber is served while clients of the API drip', async (t) => {
  const broker = await startBroker(t, { openFiles })
  let settled = 0
  const settle = () => { settled += 1 }
  const sockets = Array.from({ length: drippers }, () => {
    const socket = connectTcp(broker.apiPort, '127.0.0.1', () => {
      socket.write('GET /live HTTP/1.1\r\nhost: localhost\r\nx-slowly: ')
      settle()
    })
    return socket.on('error', () => {})
  })
  t.teardown(() => sockets.forEach((socket) => socket.destroy()))
  await eventually('all are connected', () => settled === drippers)
  const dripping = setInterval(() => sockets.forEach((socket) => socket.writable && socket.write('x')), 100)
  t.teardown(() => clearInterval(dripping))
  // As many as the broker says it can take: none of them may have to wait for a descriptor.
  const connectionsMax = Number((await broker.logged(({ event }) => event === 'ready'))['connectionsMax'])
  t.equal(connectionsMax > 100 && connectionsMax < openFiles - openFiles / 8, true, `${connectionsMax} connections in ${openFiles} files`)
  const readers = await Promise.all(Array.from({ length: connectionsMax - 1 }, () => connect(t, broker.subscribeUrl)))
  const writer = await connect(t, broker.publishUrl)
  await writer.send('to all')
  await Promise.all(readers.map((reader) => reader.has(1)))
  t.notOk(broker.log.some(({ event }) => event === 'accept-failed'), 'nobody was without a descriptor')
  t.equal(broker.stderr(), '')
})

test('too few descriptors to start', async (t) => {
  // How many Node needs to load modules is its own affair: with 64 it gets as far as the configuration, or it does not.
  const either = /^broker: (cannot load the command, raise the limit of open files \(ulimit -n\), got: EMFILE: .*|limits\.connectionsMax needs .*)\n$/
  const table: [openFiles: number, codes: readonly number[], stderr: RegExp][] = [
    [64, [1, 2], either],
    [150, [2], /^broker: limits\.connectionsMax needs a limit of open files above \d+, which is 150 now, got: nothing\n$/],
  ]
  for (const [openFiles, codes, stderr] of table) {
    const child = spawnCli({ args: ['start'], openFiles })
    const [printed, complained] = [textOf(child.stdout), textOf(child.stderr)]
    const { code, signal } = await exitOf(child)
    t.ok(codes.includes(Number(code)), `got: ${String(code)}`)
    t.equal(signal, null)
    t.match(complained(), stderr)
    t.equal(printed(), '')
  }
})
