/** Both loopbacks, by default. */

import { networkInterfaces } from 'node:os'
import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { connect } from './support/ws-client.js'

const hasIpv6 = Object.values(networkInterfaces()).flat().some((entry) => entry?.address === '::1')

test('a message crosses from each address to each', { skip: hasIpv6 ? false : 'no ::1 here' }, async (t) => {
  const { publishPort, subscribePort } = await startBroker(t)
  const hosts = ['127.0.0.1', '[::1]', 'localhost']
  const readers = await Promise.all(hosts.map((host) => connect(t, `ws://${host}:${subscribePort}/crossing`)))
  for (const host of hosts) {
    const writer = await connect(t, `ws://${host}:${publishPort}/crossing`)
    await writer.send(`from ${host}`)
    await Promise.all(readers.map((reader) => reader.has(hosts.indexOf(host) + 1)))
  }
  for (const reader of readers) t.strictSame(reader.texts(), hosts.map((host) => `from ${host}`))
})

test('one address only', async (t) => {
  const broker = await startBroker(t, { args: ['--host', '127.0.0.2'] })
  const reader = await connect(t, `ws://127.0.0.2:${broker.subscribePort}`)
  const writer = await connect(t, `ws://127.0.0.2:${broker.publishPort}`)
  await writer.send('here')
  await reader.has(1)
  await t.rejects(connect(t, `ws://127.0.0.1:${broker.subscribePort}`), { code: 'ECONNREFUSED' })
})
