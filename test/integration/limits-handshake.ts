/** A request that is too long, has too many headers or takes too long is refused in words. */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { RawClient, upgradeRequest } from './support/raw-client.js'

async function answer(t: { teardown(task: () => unknown): void }, port: number, request: string): Promise<string> {
  const client = new RawClient(t, { host: '127.0.0.1', port })
  client.write(request)
  return (await client.rest()).toString()
}

test('length and headers', async (t) => {
  const { subscribePort: port } = await startBroker(t, {
    args: ['--set', 'limits.handshakeBytesMax=2KiB', '--set', 'limits.handshakeHeadersMax=10'],
  })
  t.match(await answer(t, port, upgradeRequest('/', ['X: y'.padEnd(3000, 'y')])), /^HTTP\/1\.1 431 [^]*\r\n\r\n[^\n]+\n$/)
  t.match(await answer(t, port, 'X'.repeat(3000)), /^HTTP\/1\.1 4\d\d [^]*\r\n\r\n[^\n]+\n$/)
  t.match(await answer(t, port, upgradeRequest('/', Array.from({ length: 6 }, (_, at) => `X-${at}: y`))), /^HTTP\/1\.1 431 /)
  const five = new RawClient(t, { host: '127.0.0.1', port })
  t.match(await five.upgrade('/', Array.from({ length: 5 }, (_, at) => `X-${at}: y`)), /^HTTP\/1\.1 101 /, 'ten headers are fine')
})

test('a long path', async (t) => {
  const { subscribePort: port } = await startBroker(t)
  const text = await answer(t, port, upgradeRequest(`/${'u'.repeat(9000)}`))
  t.match(text, /^HTTP\/1\.1 414 [^]*\r\n\r\nthe request target is too long\n$/)
})

test('time', async (t) => {
  const broker = await startBroker(t, { args: ['--set', 'timeouts.handshakeMs=100'] })
  const silent = new RawClient(t, { host: '127.0.0.1', port: broker.subscribePort })
  const slow = new RawClient(t, { host: '127.0.0.1', port: broker.publishPort })
  const drip = setInterval(() => slow.write('X'), 20) // the deadline is absolute: bytes do not move it
  t.teardown(() => clearInterval(drip))
  slow.write('GET / HTTP/1.1\r\n')
  for (const client of [silent, slow]) {
    t.match(await client.head(), /^HTTP\/1\.1 408 /)
    client.socket.end()
    t.equal((await client.rest()).toString(), 'the handshake took too long\n')
  }
})
