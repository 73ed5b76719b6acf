/** The broker behind real proxies, with the configurations that docs/proxies.md shows; those that are not installed are skipped. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import type { Broker } from '../../src/index.js'
import { eventually } from './support/eventually.js'
import { TestIssuer } from '../support/tls/certificates.js'
import { embed } from './support/embedded.js'
import { GrpcClient } from './support/grpc-client.js'
import { sdkFor, shop } from './support/pusher-broker.js'
import { connectClient, subscribe } from './support/pusher-client.js'
import { missing, startProxy, type Ports, type ProgramName } from './support/proxy-process.js'
import { connect } from './support/ws-client.js'

interface Behind {
  readonly broker: Broker
  readonly ports: Ports
  /** Peers of the connections so far, by protocol. */
  readonly peers: Record<string, string[]>
}

/** A broker with everything on, whose proxies are at 127.0.0.1. */
async function start(t: Test, options: Parameters<typeof embed>[1] = {}): Promise<Behind> {
  const hosts = ['127.0.0.1']
  const { broker, publishPort, subscribePort } = await embed(t, {
    trustedProxies: hosts, ...options, api: { hosts, port: 0 }, grpc: { ...options.grpc, hosts, port: 0 }, pusher: { ...options.pusher, hosts, port: 0, apps: [shop] },
  })
  const portOf = (name: string) => broker.listeners.find(({ protocol }) => protocol === name)?.port ?? NaN
  const peers: Record<string, string[]> = {}
  broker.on('connection', ({ protocol, peer }) => (peers[protocol] ??= []).push(peer))
  return {
    broker, peers,
    ports: { 8001: publishPort, 8002: subscribePort, 6001: portOf('pusher'), 50051: portOf('grpc'), 8000: broker.api[0]?.port ?? NaN },
  }
}

/** From an address that is no proxy's. */
const client = { localAddress: '127.0.0.2' }

async function checkPlain(t: Test, { peers }: Behind, web: number): Promise<void> {
  const reader = await connect(t, `ws://127.0.0.1:${web}/subscribe/news`, client)
  const writer = await connect(t, `ws://127.0.0.1:${web}/publish/news`, client)
  await writer.send('over WebSocket')
  const answer = await fetch(`http://127.0.0.1:${web}/api/topics/news`, { method: 'POST', body: 'over HTTP', headers: { 'content-type': 'text/plain' } })
  t.equal(answer.status, 200)
  await reader.has(2)
  t.strictSame(reader.texts().sort(), ['over HTTP', 'over WebSocket'])
  t.strictSame(peers['websocket-subscribe'], ['127.0.0.2'])
  t.strictSame(peers['websocket-publish'], ['127.0.0.2'])
}

async function checkPusher(t: Test, web: number): Promise<void> {
  const { ear } = await subscribe(await connectClient(t, { port: web, key: shop.key }), 'news')
  await sdkFor(shop, web).trigger('news', 'changed', { to: 'this' })
  t.strictSame(await ear.nth('changed'), { to: 'this' })
}

/** Connections that the proxy keeps to the broker, used for requests and upgrades by turns. */
async function checkPooled(t: Test, web: number): Promise<void> {
  for (let i = 0; i < 25; i += 1) {
    await Promise.all(['/apps/shop/channels', '/api/topics', '/subscribe/news', '/publish/news'].map(async (path) => (await fetch(`http://127.0.0.1:${web}${path}`)).text()))
    for (const path of [`/app/${shop.key}?protocol=7`, '/subscribe/pooled', '/publish/pooled']) {
      const { socket } = await connect(t, `ws://127.0.0.1:${web}${path}`, client)
      socket.close()
    }
  }
}

async function checkGrpc(t: Test, port: number): Promise<void> {
  const grpc = new GrpcClient(t, port)
  const stream = await grpc.subscribe('prices')
  const publisher = grpc.publisher('prices')
  publisher.send({ author: 1, data: 'first' })
  await stream.has(1)
  publisher.send({ author: 2, data: 'second' })
  t.equal((await publisher.end()).status, 'ok')
  await stream.has(2)
  t.strictSame(stream.received.map(({ data }) => data), ['first', 'second'])
}

const files = { nginx: 'nginx.conf', haproxy: 'haproxy.cfg', caddy: 'Caddyfile', apache: 'apache.conf' } as const
type Web = keyof typeof files
/** mod_proxy_http2 holds the head of an answer back: who subscribes waits for ever. */
const withoutGrpc: ReadonlySet<Web> = new Set(['apache'])

for (const name of Object.keys(files) as Web[]) {
  test(`${name}: every protocol, and whose the connections are`, { skip: missing(name) }, async (t) => {
    const behind = await start(t)
    const listens = withoutGrpc.has(name) ? [80] : [80, 50080]
    const [web = NaN, grpc] = await startProxy(t, name, { file: files[name], ports: behind.ports, listens })
    await checkPlain(t, behind, web)
    await checkPusher(t, web)
    if (grpc !== undefined) await checkGrpc(t, grpc)
    await checkPooled(t, web)
  })

  test(`${name}: each client has its own limit`, { skip: missing(name) }, async (t) => {
    const behind = await start(t, { limits: { connectionsPerAddressMax: 1 } })
    const listens = withoutGrpc.has(name) ? [80] : [80, 50080]
    const [web = NaN] = await startProxy(t, name, { file: files[name], ports: behind.ports, listens })
    const url = `ws://127.0.0.1:${web}/subscribe/news`
    const forged = { headers: { 'X-Forwarded-For': '203.0.113.7', Forwarded: 'for=203.0.113.8' } }
    await connect(t, url, client)
    await connect(t, url, { localAddress: '127.0.0.3', ...forged })
    await t.rejects(connect(t, url, { ...client, ...forged }), /503/)
    t.strictSame(behind.peers['websocket-subscribe'], ['127.0.0.2', '127.0.0.3'])
  })
}

/** What the configurations need in front of brokers that speak TLS: they verify the certificate. nginx's and HAProxy's clients are OpenSSL's, Caddy's is Go's. */
const secured: Readonly<Partial<Record<Web, (text: string, ca: string) => string>>> = {
  nginx: (text, ca) => ['proxy', 'grpc'].map((kind) => `${kind}_ssl_verify on; ${kind}_ssl_name localhost; ${kind}_ssl_trusted_certificate ${ca};\n`).join('')
    + text.replace(/proxy_pass http:/g, 'proxy_pass https:').replace('grpc_pass grpc:', 'grpc_pass grpcs:'),
  haproxy: (text, ca) => text.replace(/server broker \S+/g, `$& ssl verify required verifyhost localhost ca-file ${ca}`).replace(/(ca-file \S+) proto h2/, '$1 alpn h2'),
  caddy: (text, ca) => {
    const transport = (versions: string) => `transport http {\n tls_trusted_ca_certs ${ca}\n versions ${versions}\n}\n`
    return text.replace(/h2c:\/\/([\d.:]+) \{/, `https://$1 {\n${transport('2')}`)
      .replace(/(reverse_proxy (?:@pusher )?)(127[\d.:]+)( \{)?/g, (_all, begin: string, at: string, open?: string) => `${begin}https://${at} {\n${transport('1.1')}${open === undefined ? '}' : ''}`)
  },
}

for (const [name, edit] of Object.entries(secured) as [Web, (text: string, ca: string) => string][]) {
  test(`${name}: every protocol over TLS behind it`, { skip: missing(name) }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'proxies-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    const issuer = new TestIssuer(folder)
    const behind = await start(t, { tls: issuer.issueLocal('server') })
    const listens = [80, 50080]
    const [web = NaN, grpc = NaN] = await startProxy(t, name, { file: files[name], ports: behind.ports, listens, edit: (text) => edit(text, issuer.caFile) })
    await checkPlain(t, behind, web)
    await checkPusher(t, web)
    await checkGrpc(t, grpc)
    await checkPooled(t, web)
  })
}

/** A proxy that cuts what is silent for a second. */
const impatient = (text: string) => text.replace(/^ *proxy_buffering .*$/m, '$&\n  proxy_read_timeout 1s;').replace(/^ *grpc_send_timeout .*$/m, '$&\n  grpc_read_timeout 1s;')

test('nginx: who is silent is pinged before it is cut', { skip: missing('nginx') }, async (t) => {
  const behind = await start(t, { timeouts: { pingIntervalMs: 300 } })
  const [web = NaN, grpcPort = NaN] = await startProxy(t, 'nginx', { file: files.nginx, ports: behind.ports, listens: [80, 50080], edit: impatient })
  const readers = await Promise.all(['/subscribe/idle', '/publish/idle', `/app/${shop.key}?protocol=7`].map((path) => connect(t, `ws://127.0.0.1:${web}${path}`)))
  const pings = readers.map(() => 0)
  readers.forEach(({ socket }, at) => socket.on('ping', () => { pings[at] = (pings[at] ?? 0) + 1 }))
  const stream = await new GrpcClient(t, grpcPort).subscribe('idle')
  await eventually('three seconds of pings on each', () => pings.every((count) => count >= 10))
  for (const { socket } of readers) t.equal(socket.readyState, socket.OPEN)
  behind.broker.publish('idle', '{"author":1,"data":"still there"}')
  await stream.has(1)
  await readers[0]?.has(1)
})

test('nginx: without pings it is cut', { skip: missing('nginx') }, async (t) => {
  const behind = await start(t, { timeouts: { pingIntervalMs: '1h' } })
  const [web = NaN] = await startProxy(t, 'nginx', { file: files.nginx, ports: behind.ports, listens: [80, 50080], edit: impatient })
  const readers = await Promise.all(['/subscribe/idle', `/app/${shop.key}?protocol=7`].map((path) => connect(t, `ws://127.0.0.1:${web}${path}`)))
  t.strictSame((await Promise.all(readers.map(({ closed }) => closed))).map(({ code }) => code), [1006, 1006])
})

const streams: readonly (readonly [ProgramName, string, readonly number[]])[] = [['haproxy', 'haproxy-tcp.cfg', [8080, 50080]], ['nginx-stream', 'nginx-stream.conf', [8080]]]

for (const [name, file, listens] of streams) {
  test(`${file}: a PROXY header tells whose the connections are`, { skip: missing(name) }, async (t) => {
    const proxyProtocol = true
    const behind = await start(t, { subscribe: { proxyProtocol }, grpc: { proxyProtocol } })
    const [web = NaN, grpc] = await startProxy(t, name, { file, ports: behind.ports, listens })
    const reader = await connect(t, `ws://127.0.0.1:${web}/news`, client)
    behind.broker.publish('news', 'hello')
    await reader.has(1)
    t.match(behind.peers['websocket-subscribe'], [/^127\.0\.0\.2:\d+$/])
    if (grpc !== undefined) await checkGrpc(t, grpc)
  })
}
