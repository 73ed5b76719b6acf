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
  // Fewer still, too few to load the command: start-limits.ts.
  for (const openFiles of [150, 190]) {
    const child = spawnCli({ args: ['start'], openFiles })
    const [printed, complained] = [textOf(child.stdout), textOf(child.stderr)]
    const { code, signal } = await exitOf(child)
    t.strictSame([code, signal], [2, null])
    t.match(complained(), new RegExp(`^broker: limits\\.connectionsMax needs a limit of open files above \\d+, which is ${openFiles} now, got: nothing\\n$`))
    t.equal(printed(), '')
  }
})
