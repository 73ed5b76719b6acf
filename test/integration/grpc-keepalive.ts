/** HTTP/2 PINGs both ways: clients' keepalive is answered at once, silent clients are asked and given up. */

import { once } from 'node:events'
import { connect, type ClientHttp2Session } from 'node:http2'
import { test } from 'tap'
import { eventually, soon } from './support/eventually.js'
import { embedGrpc } from './support/grpc-broker.js'
import { GrpcClient } from './support/grpc-client.js'
import { RawClient } from './support/raw-client.js'

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])

function ping(session: ClientHttp2Session): Promise<void> {
  return soon('the answer to a ping', new Promise((resolve, reject) => {
    session.ping((error) => (error === null ? resolve() : reject(error)))
  }))
}

test('keepalive of grpc-js: an idle subscription outlives many of its pings', async (t) => {
  const { broker, grpcPort, stat } = await embedGrpc(t)
  const client = new GrpcClient(t, grpcPort, { 'grpc.keepalive_time_ms': 20, 'grpc.keepalive_timeout_ms': 2000, 'grpc.keepalive_permit_without_calls': 1 })
  const stream = await client.subscribe()
  const before = stat('bytes_received')
  await eventually('20 pings', () => stat('bytes_received') - before >= 20 * 17)
  broker.publish('default', '{"author":1,"data":"still there"}')
  await stream.has(1)
})

test('pings are answered one by one, without anything else under way', async (t) => {
  const { grpcPort } = await embedGrpc(t)
  const session = connect(`http://127.0.0.1:${grpcPort}`)
  t.teardown(() => session.destroy())
  await once(session, 'connect')
  for (let at = 0; at < 50; at += 1) await ping(session)
})

test('too many pings end the connection with ENHANCE_YOUR_CALM', async (t) => {
  const { grpcPort } = await embedGrpc(t)
  const session = connect(`http://127.0.0.1:${grpcPort}`, { maxOutstandingPings: 10_000 })
  t.teardown(() => session.destroy())
  session.on('error', () => {})
  await once(session, 'connect')
  const goaway = new Promise<readonly [number, string]>((resolve) => {
    session.once('goaway', (code, _last, data) => resolve([code, Buffer.from(data ?? []).toString()]))
  })
  for (let at = 0; at < 5000 && !session.destroyed; at += 1) session.ping(() => {})
  t.strictSame(await soon('a GOAWAY', goaway), [11, 'too_many_pings'])
})

test('a silent client is pinged, and given up when it does not answer', async (t) => {
  const { broker, grpcPort, stat } = await embedGrpc(t, { timeouts: { pingIntervalMs: 50, pongMs: 100 } })
  const reasons: string[] = []
  broker.on('disconnect', ({ reason }) => reasons.push(reason))
  const alive = await new GrpcClient(t, grpcPort).subscribe()
  const dead = new RawClient(t, { host: '127.0.0.1', port: grpcPort })
  dead.write(preface)
  dead.write(emptySettings)
  const bytes = await dead.rest()
  t.ok(bytes.includes(Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0])), 'a PING')
  await eventually('its end', () => reasons.length > 0)
  t.strictSame(reasons, ['no answer to a ping'])
  await eventually('several pings', () => stat('pings_sent') >= 5)
  broker.publish('default', '{"author":1,"data":"still there"}')
  await alive.has(1)
})

test('a client that says nothing at all, or not all of the preface, is not waited for', async (t) => {
  const { grpcPort, stat } = await embedGrpc(t, { timeouts: { handshakeMs: 100 } })
  const silent = new RawClient(t, { host: '127.0.0.1', port: grpcPort })
  const cut = new RawClient(t, { host: '127.0.0.1', port: grpcPort })
  cut.write(preface.slice(0, 10))
  await Promise.all([silent.rest(), cut.rest()])
  await eventually('their end', () => stat('connections_now') === 0)
})
