/** Where the broker listens: both families on `::`, ports shared with another process, listeners that are off. */

import { networkInterfaces } from 'node:os'
import { test } from 'tap'
import { createBroker } from '../../src/index.js'
import { startBroker } from '../support/broker-process.js'
import { runCli } from '../support/cli.js'
import { RawClient } from './support/raw-client.js'

const hasIpv6 = Object.values(networkInterfaces()).flat().some((each) => each?.address === '::1')

test(':: takes IPv4 clients too, who are IPv4 clients', { skip: hasIpv6 ? false : 'no IPv6 here' }, async (t) => {
  const { log, logged, subscribePort } = await startBroker(t, { args: ['--host', '::', '--log-level', 'debug'] })
  t.match(log.find((line) => line['role'] === 'subscribe'), { msg: `listening on ws://[::]:${subscribePort} (subscribe, IPv4 too)` })
  for (const host of ['127.0.0.1', '::1']) t.match(await new RawClient(t, { host, port: subscribePort }).upgrade('/both'), /^HTTP\/1.1 101 /)
  t.match(await logged(({ event }) => event === 'connection'), { peer: /^127\.0\.0\.1:\d+$/ })
})

test('0.0.0.0 beside :: has the IPv4 clients', { skip: hasIpv6 ? false : 'no IPv6 here' }, async (t) => {
  const { log, subscribePort } = await startBroker(t, { args: ['--host', '::', '0.0.0.0'] })
  const lines = log.filter((line) => line['role'] === 'subscribe').map(({ msg }) => msg)
  t.strictSame(lines, [`listening on ws://[::]:${subscribePort} (subscribe)`, `listening on ws://0.0.0.0:${subscribePort} (subscribe)`])
  for (const host of ['127.0.0.1', '::1']) t.match(await new RawClient(t, { host, port: subscribePort }).upgrade(), /^HTTP\/1.1 101 /)
})

test('an interface behind % is understood', { skip: hasIpv6 ? false : 'no IPv6 here' }, async (t) => {
  const { code, stderr } = await runCli(['start', '--host', 'fe80::1%nowhere'])
  t.match({ code, stderr }, { code: 2, stderr: /^broker: publish\.hosts must name an interface of this machine behind %, got: fe80::1%nowhere[^\n]*\n$/ }, 'lines, no stack')
})

test('who shares a port with another process is told', async (t) => {
  const first = await startBroker(t, { args: ['--set', 'reusePort=true', '--host', '127.0.0.1'] })
  t.notOk(first.log.some(({ msg }) => msg.includes('another process listens')))
  const second = await startBroker(t, { args: [
    '--set', 'reusePort=true', '--host', '127.0.0.1', '--subscribe-port', String(first.subscribePort),
  ] })
  t.match(second.log.filter(({ event }) => event === 'hint').map(({ msg }) => msg), [
    new RegExp(`^another process listens on 127\\.0\\.0\\.1:${first.subscribePort} too \\(reusePort\\)`),
  ])
})

test('plain listeners that are off', async (t) => {
  const broker = await createBroker({ publish: null, subscribe: null, grpc: { port: 0, hosts: ['127.0.0.1'] } })
  t.teardown(() => broker.close({ drainMs: 0 }))
  t.strictSame(broker.listeners.map(({ protocol }) => protocol), ['grpc'])
  t.equal(broker.publish('a', 'nobody hears it'), 0)
})
