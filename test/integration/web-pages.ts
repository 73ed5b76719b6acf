/** Which web pages may connect to the plain listeners, and under which names. */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { RawClient } from './support/raw-client.js'

interface Test {
  teardown(task: () => unknown): void
}

/** The status and the body's line. */
async function upgrade(t: Test, port: number, host: string, headers: readonly string[], address = '127.0.0.1'): Promise<string> {
  const client = new RawClient(t, { host: address, port })
  client.write([
    'GET /page HTTP/1.1', `Host: ${host}`, 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', ...headers, '', '',
  ].join('\r\n'))
  const status = (await client.head()).slice(9, 12)
  if (status === '101') return status
  client.socket.end()
  return `${status} ${(await client.rest()).toString().trim()}`
}

test('a page of another site can neither publish nor read', async (t) => {
  const { publishPort, subscribePort, logged } = await startBroker(t)
  for (const port of [publishPort, subscribePort]) {
    t.equal(await upgrade(t, port, 'localhost', []), '101', 'no page')
    t.equal(await upgrade(t, port, 'localhost', ['Origin: http://localhost:3000']), '101', 'a page of this machine')
    for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example']) {
      t.equal(await upgrade(t, port, 'localhost', [`Origin: ${origin}`]), '403 pages of this origin may not connect here (see origins)', origin)
    }
    t.equal(await upgrade(t, port, 'rebound.evil.example', []), '403 the Host header must be an address, localhost or one of hosts')
    t.match(await upgrade(t, port, 'a b', []), /^400 the Host header must be a name or an address/)
  }
  t.match(await logged(({ event }) => event === 'handshake-refused'), { msg: /403 pages of this origin may not connect/ })
})

test('origins lists the pages that may', async (t) => {
  const { publishPort, subscribePort } = await startBroker(t, { args: ['--set', 'subscribe.origins=["https://shop.example"]'] })
  t.equal(await upgrade(t, subscribePort, 'ws.shop.example', ['Origin: https://shop.example']), '101')
  t.match(await upgrade(t, subscribePort, 'localhost', ['Origin: http://localhost']), /^403 /, 'nothing beside the list')
  t.match(await upgrade(t, publishPort, 'localhost', ['Origin: https://shop.example']), /^403 /, 'each listener has its own')
})

test('a listener for others takes any name, and no foreign page', async (t) => {
  const { subscribePort } = await startBroker(t, { args: ['--host', '0.0.0.0'] })
  t.equal(await upgrade(t, subscribePort, 'broker.internal', []), '101')
  t.match(await upgrade(t, subscribePort, 'broker.internal', ['Origin: https://evil.example']), /^403 /)
})
