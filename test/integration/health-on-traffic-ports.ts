/** `GET /up` on the ports that clients use: what balancers ask before they send somebody. */

import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { test } from 'tap'
import { embed } from './support/embedded.js'
import { eventually } from './support/eventually.js'
import { shop } from './support/pusher-broker.js'
import { openRaw } from './support/raw-client.js'
import { connect } from './support/ws-client.js'

const pusher = { hosts: ['127.0.0.1'], port: 0, apps: [shop] }

/** Over a connection of its own, which ends with the answer: one that was kept would take room. */
async function statusOf(port: number, path: string, method = 'GET'): Promise<string> {
  const asked = request({ host: '127.0.0.1', port, path, method, agent: false }).end()
  const [answer] = await once(asked, 'response') as [IncomingMessage]
  return `${answer.statusCode} ${(await text(answer)).trim()}`.trim()
}

test('200, and 503 while draining', async (t) => {
  const { broker, publishPort, subscribePort } = await embed(t, { pusher })
  const ports = broker.listeners.map(({ port }) => port)
  t.equal(ports.length, 3)
  for (const port of ports) {
    t.equal(await statusOf(port, '/up'), '200 up')
    t.equal(await statusOf(port, '/health?by=haproxy'), '200 up')
    t.equal(await statusOf(port, '/up', 'HEAD'), '200')
  }
  t.equal(await statusOf(subscribePort, '/'), '426 this port speaks WebSocket only')
  const reader = await connect(t, `ws://127.0.0.1:${subscribePort}/up`)
  const writer = await connect(t, `ws://127.0.0.1:${publishPort}/up`)
  await writer.send('a topic may have this name')
  await reader.has(1)

  const stuck = await openRaw(t, subscribePort)
  stuck.socket.pause()
  for (let number = 0; number < 6000; number += 1) broker.publish('default', 'x'.repeat(1000))
  const closed = broker.close({ drainMs: 60_000 })
  while (await statusOf(publishPort, '/up') === '200 up'); // until the drain has begun
  for (const port of ports) {
    t.equal(await statusOf(port, '/up'), '503 not taking clients now')
    t.equal(await statusOf(port, '/health', 'HEAD'), '503')
  }
  await t.rejects(connect(t, `ws://127.0.0.1:${subscribePort}/`), /503/)
  broker.stop()
  t.equal(await closed, false)
})

test('503 while there is no room', async (t) => {
  const { broker, subscribePort } = await embed(t, { pusher, limits: { connectionsMax: 1 } })
  const reader = await connect(t, `ws://127.0.0.1:${subscribePort}/`)
  for (const { port } of broker.listeners) t.equal(await statusOf(port, '/up'), '503 not taking clients now')
  reader.socket.terminate()
  for (const { port } of broker.listeners) {
    await eventually('there is room again', () => broker.stats()['connections_now'] === 0)
    t.equal(await statusOf(port, '/up'), '200 up')
  }
})
