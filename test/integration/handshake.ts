/** The upgrade: what is accepted, what is declined in silence, what is refused with which words. */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { frame, opcodes } from './support/frames.js'
import { openRaw, RawClient, upgradeRequest } from './support/raw-client.js'
import { connect } from './support/ws-client.js'

test('the answer', async (t) => {
  const { subscribePort: port } = await startBroker(t)
  const head = await new RawClient(t, { host: '127.0.0.1', port }).upgrade('/', [
    'Sec-WebSocket-Protocol: chat, superchat', 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
  ])
  t.match(head, /\r\nBroker-Epoch: [0-9A-Za-z]{8,32}\r\n/)
  t.equal(head.replace(/(?<=Broker-Epoch: )\w+/, 'E'), [
    'HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade',
    'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=', // the example of RFC 6455 §1.3
    'Sec-WebSocket-Protocol: chat', 'Broker-Role: subscribe', 'Broker-Epoch: E', 'Broker-Offset: 0', '', '',
  ].join('\r\n'), 'the first subprotocol, no extension')
})

test('compression is declined', async (t) => {
  const broker = await startBroker(t)
  const reader = await connect(t, broker.subscribeUrl, { perMessageDeflate: true })
  const writer = await connect(t, broker.publishUrl, { perMessageDeflate: true })
  t.equal(reader.socket.extensions, '')
  await writer.send('plain')
  await reader.has(1)
})

test('frames right behind the request are read', async (t) => {
  const { publishPort, subscribePort } = await startBroker(t)
  const reader = await openRaw(t, subscribePort)
  const writer = new RawClient(t, { host: '127.0.0.1', port: publishPort })
  writer.write(Buffer.concat([Buffer.from(upgradeRequest('/')), frame({ opcode: opcodes.text, payload: 'eager' })]))
  t.equal((await reader.frame()).payload.toString(), 'eager')
})

test('refusals', async (t) => {
  const { subscribePort: port } = await startBroker(t)
  const good = upgradeRequest('/')
  const cases: readonly (readonly [request: string, status: number, text: RegExp])[] = [
    [good.replace('GET', 'POST'), 405, /only GET can upgrade to WebSocket/],
    [good.replace('Host: localhost\r\n', ''), 400, /no Host header/],
    [good.replace('Upgrade: websocket\r\n', ''), 426, /this port speaks WebSocket only/],
    [good.replace('Version: 13', 'Version: 8'), 426, /Sec-WebSocket-Version must be 13/],
    [good.replace('Key: dGhlIHNhbXBsZSBub25jZQ==', 'Key: short'), 400, /Sec-WebSocket-Key must be one header with 16 bytes/],
    [good.replace('Connection: Upgrade', 'Connection: close'), 400, /no Connection: Upgrade header/],
    [good.replace('Host: localhost', 'Host : localhost'), 400, /./],
    [good.replace('Host: localhost', 'Content-Length: 5\r\nHost: localhost'), 400, /an upgrade request has no body/],
    ['GET / HTTP/1.1\nHost: localhost\n\n', 400, /./],
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS', 400, /./],
  ]
  for (const [request, status, text] of cases) {
    const client = new RawClient(t, { host: '127.0.0.1', port })
    client.write(Buffer.from(request, 'latin1'))
    const head = await client.head()
    t.match(head, new RegExp(`^HTTP/1\\.1 ${status} `), JSON.stringify(request.slice(0, 30)))
    const isKept = request.startsWith('GET / HTTP/1.1\r\n') && !/Upgrade: websocket/.test(request)
    t.match(head, isKept ? /\r\nConnection: Upgrade\r\n/ : /\r\nConnection: close(, Upgrade)?\r\n/)
    client.socket.end()
    const body = (await client.rest()).toString()
    t.match(body, text)
    t.match(body, /^[^\n]+\n$/, 'one line')
  }
})
