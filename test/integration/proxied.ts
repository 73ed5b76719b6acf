/** Clients that come through proxies, told by a PROXY header or X-Forwarded-For: who they are in events, logs and limits. */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { embed } from './support/embedded.js'
import { eventually } from './support/eventually.js'
import { RawClient, upgradeRequest } from './support/raw-client.js'
import { connect, refusalOf } from './support/ws-client.js'

interface Test {
  teardown(task: () => unknown): void
}

const line = (client: string) => `PROXY TCP4 ${client} 192.0.2.1 4711 443\r\n`
const binary = Buffer.from('0d0a0d0a000d0a515549540a2111000ccb007107c0000201126701bb', 'hex') // 203.0.113.7:4711

/** Connects as a proxy does and says `header` before the handshake; the answer's first line. */
async function through(t: Test, port: number, header: string | Uint8Array, headers: readonly string[] = []): Promise<string> {
  const client = new RawClient(t, { host: '127.0.0.1', port })
  client.write(Buffer.concat([Buffer.from(header), Buffer.from(upgradeRequest('/news', headers))]))
  return (await client.head()).split('\r\n', 1)[0] ?? ''
}

test('a PROXY header of either version tells the client, from trusted addresses only', async (t) => {
  const subscribe = { proxyProtocol: true }
  const { broker, subscribePort, subscribeUrl } = await embed(t, { trustedProxies: ['127.0.0.1'], subscribe })
  const peers: string[] = []
  const warnings: string[] = []
  broker.on('connection', ({ peer }) => peers.push(peer)).on('warning', ({ message }) => warnings.push(message))
  t.equal(await through(t, subscribePort, line('203.0.113.8')), 'HTTP/1.1 101 Switching Protocols')
  t.equal(await through(t, subscribePort, binary), 'HTTP/1.1 101 Switching Protocols')
  await connect(t, `${subscribeUrl}/news`, { localAddress: '127.0.0.2' })
  await eventually('three events', () => peers.length === 3)
  t.strictSame(peers.slice(0, 2), ['203.0.113.8:4711', '203.0.113.7:4711'])
  t.match(peers[2], /^127\.0\.0\.2:\d+$/, 'who is no proxy says none')
  t.strictSame(await refusalOf(t, subscribeUrl), { status: 400, text: 'a PROXY header must come first from this address (proxyProtocol)\n' })
  await eventually('one warning', () => warnings.length === 1)
  t.match(warnings[0], /^refused a handshake from 127\.0\.0\.1:\d+: 400 a PROXY header must come first/)
})

test('X-Forwarded-For tells the client, and each client has its own limit', async (t) => {
  const { broker, subscribeUrl } = await embed(t, { trustedProxies: ['127.0.0.1'], limits: { connectionsPerAddressMax: 1 } })
  const peers: string[] = []
  broker.on('connection', ({ peer }) => peers.push(peer))
  const as = (client: string) => ({ headers: { 'x-forwarded-for': client } })
  const first = await connect(t, subscribeUrl, as('198.51.100.1, 203.0.113.7'))
  t.strictSame(await refusalOf(t, subscribeUrl, as('203.0.113.7')), { status: 503, text: 'too many connections\n' })
  await connect(t, subscribeUrl, as('2001:db8::7'))
  await connect(t, subscribeUrl)
  await connect(t, subscribeUrl) // the proxy itself, as often as it likes
  await eventually('four events', () => peers.length === 4)
  t.strictSame(peers.slice(0, 2), ['203.0.113.7', '2001:db8::7'])
  first.socket.close()
  await eventually('it is gone', () => broker.stats()['connections_now'] === 3)
  await connect(t, subscribeUrl, as('203.0.113.7'))
})

test('nobody else is believed, and without a list nobody is', async (t) => {
  for (const options of [{}, { trustedProxies: ['10.0.0.0/8'] }, { trustedProxies: ['127.0.0.1'], forwardedHeader: 'none' as const }]) {
    const { broker, subscribePort, subscribeUrl } = await embed(t, options)
    const peers: string[] = []
    broker.on('connection', ({ peer }) => peers.push(peer))
    await connect(t, subscribeUrl, { headers: { 'x-forwarded-for': '203.0.113.7', forwarded: 'for=203.0.113.7' } })
    t.equal(await through(t, subscribePort, line('203.0.113.8')), 'HTTP/1.1 400 Bad Request')
    await eventually('its event', () => peers.length === 1)
    t.match(peers[0], /^127\.0\.0\.1:\d+$/)
  }
})

test('broker start takes it from its configuration, and logs clients', async (t) => {
  const file = `${t.testdir({ 'broker.yaml': 'trustedProxies: [127.0.0.0/8, "::1"]\nsubscribe: { proxyProtocol: true }\nlog: { level: debug }\n' })}/broker.yaml`
  const { publishPort, subscribePort, logged } = await startBroker(t, { args: ['--config', file] })
  t.match(await through(t, subscribePort, binary), /^HTTP\/1\.1 101 /)
  t.match(await through(t, publishPort, '', ['X-Forwarded-For: 203.0.113.9']), /^HTTP\/1\.1 101 /)
  t.match(await logged(({ event, protocol }) => event === 'connection' && protocol === 'websocket-subscribe'), { peer: '203.0.113.7:4711' })
  t.match(await logged(({ event, protocol }) => event === 'connection' && protocol === 'websocket-publish'), { peer: '203.0.113.9' })
})

test('the HTTP API: who is denied is named by its own address', async (t) => {
  const api = { port: 0, hosts: ['127.0.0.1'], token: 'a token of the API', proxyProtocol: true }
  const { broker } = await embed(t, { trustedProxies: ['127.0.0.1'], api })
  const warnings: string[] = []
  broker.on('warning', ({ message }) => warnings.push(message))
  const ask = async (header: string | Uint8Array, headers: string) => {
    const client = new RawClient(t, { host: '127.0.0.1', port: broker.api[0]?.port ?? 0 })
    client.write(Buffer.concat([Buffer.from(header), Buffer.from(`GET /topics?token=secret HTTP/1.1\r\nHost: a\r\n${headers}\r\n`)]))
    return (await client.head()).split('\r\n', 1)[0]
  }
  t.equal(await ask(binary, ''), 'HTTP/1.1 401 Unauthorized')
  t.equal(await ask('PROXY UNKNOWN\r\n', 'X-Forwarded-For: 203.0.113.8\r\n'), 'HTTP/1.1 401 Unauthorized')
  t.equal(await ask(line('203.0.113.9'), 'Authorization: Bearer a token of the API\r\n'), 'HTTP/1.1 200 OK')
  t.equal(await ask('', ''), 'HTTP/1.1 400 Bad Request')
  t.strictSame(warnings, ['denied GET /topics from 203.0.113.7: 401', 'denied GET /topics from 203.0.113.8: 401'])
})
