/** Clients of other makes over TLS: Node's, curl, openssl, grpc-js. */

import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { test } from 'tap'
import { TestIssuer } from '../support/tls/certificates.js'
import { eventually, soon } from './support/eventually.js'
import { upgradeRequest } from './support/raw-client.js'
import { embedTls, handshake } from './support/tls-broker.js'
import { connect } from './support/ws-client.js'

const run = promisify(execFile)
const missing = (command: string, flag: string) => spawnSync(command, [flag]).status === 0 ? false : `no ${command}: install it to run this`

test('ws to ws, 1.2 and 1.3, AEAD and forward secrecy only', async (t) => {
  const { ca, publishUrl, subscribeUrl, portOf } = await embedTls(t)
  const subscriber = await connect(t, `${subscribeUrl}/prices`, { ca })
  const publisher = await connect(t, `${publishUrl}/prices`, { ca })
  const payload = 'x'.repeat(60_000) // several records
  await publisher.send(payload)
  await subscriber.has(1)
  t.equal(subscriber.texts()[0], payload)
  const port = portOf('websocket-subscribe')
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = await handshake(t, port, { ca, minVersion: version, maxVersion: version })
    t.equal(socket.getProtocol(), version)
    t.match(socket.getCipher().name, version === 'TLSv1.3' ? /^TLS_/ : /^ECDHE-.*(GCM|POLY1305)/)
  }
  await t.rejects(handshake(t, port, { ca, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }), 'older versions')
  for (const ciphers of ['AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-SHA256']) await t.rejects(handshake(t, port, { ca, maxVersion: 'TLSv1.2', ciphers }), ciphers)
})

test('one byte at a time', async (t) => {
  const { ca, portOf } = await embedTls(t)
  const socket = await handshake(t, portOf('websocket-subscribe'), { ca })
  socket.setNoDelay(true)
  for (const byte of Buffer.from(upgradeRequest('/slow'))) socket.write(Buffer.of(byte))
  const [answer] = await soon('an answer', once(socket, 'data')) as [Buffer]
  t.match(answer.toString('latin1'), /^HTTP\/1\.1 101 /)
})

test('ALPN: h2 for gRPC, http/1.1 for the others, and nothing else', async (t) => {
  const { ca, portOf, stat } = await embedTls(t)
  const chosen = async (port: number, ...ALPNProtocols: string[]) => (await handshake(t, port, { ca, ALPNProtocols })).alpnProtocol
  t.equal(await chosen(portOf('grpc'), 'http/1.1', 'h2'), 'h2')
  t.equal(await chosen(portOf('websocket-publish'), 'h2', 'http/1.1'), 'http/1.1')
  t.equal(await chosen(portOf('http'), 'http/1.1'), 'http/1.1')
  await t.rejects(chosen(portOf('grpc'), 'http/1.1'))
  await t.rejects(chosen(portOf('websocket-publish'), 'h2'))
  await eventually('both are counted', () => stat('tls_failed_alpn') === 2)
})

test('SNI picks a certificate by its name', async (t) => {
  const { ca, portOf } = await embedTls(t, (issuer) => ({
    names: [
      { serverNames: ['shop.example'], ...issuer.issue('shop', { commonName: 'shop', names: ['DNS:shop.example'] }) },
      { serverNames: ['*.wild.example'], ...issuer.issue('wild', { commonName: 'wild', names: ['DNS:*.wild.example'] }) },
    ],
  }))
  const name = async (servername: string) => {
    const socket = await handshake(t, portOf('grpc'), { ca, servername, ALPNProtocols: ['h2'], checkServerIdentity: () => undefined })
    return socket.getPeerCertificate().subject.CN
  }
  t.strictSame(
    [await name('shop.example'), await name('a.wild.example'), await name('a.b.wild.example'), await name('wild.example'), await name('else.example'), await name('')],
    ['shop', 'wild', 'localhost', 'localhost', 'localhost', 'localhost'],
  )
})

test('a certificate of the client: required, asked for, by a stranger', async (t) => {
  const clients = (clientCert: 'require' | 'request') => embedTls(t, (issuer) => ({ clientCert, clientCaFile: issuer.caFile }))
  const { ca, issuer, subscribeUrl, stat } = await clients('require')
  const shown = ({ certFile, keyFile }: { certFile: string, keyFile: string }) => ({ ca, cert: readFileSync(certFile), key: readFileSync(keyFile) })
  await connect(t, `${subscribeUrl}/a`, shown(issuer.issue('client', { commonName: 'feed.internal' })))
  await t.rejects(connect(t, `${subscribeUrl}/a`, { ca }))
  await eventually('it is counted', () => stat('tls_failed_certificate') === 1)
  const { ca: askingCa, issuer: known, subscribeUrl: askingUrl } = await clients('request')
  await connect(t, `${askingUrl}/a`, { ca: askingCa })
  const stranger = new TestIssuer(known.folder, 'other').issue('stranger', { commonName: 'stranger' })
  await t.rejects(connect(t, `${askingUrl}/a`, { ...shown(stranger), ca: askingCa }), 'of another issuer')
})

test('tickets resume sessions, on both versions', async (t) => {
  const { ca, portOf, stat } = await embedTls(t)
  const port = portOf('websocket-subscribe')
  for (const [count, maxVersion] of (['TLSv1.2', 'TLSv1.3'] as const).entries()) {
    const first = await handshake(t, port, { ca, maxVersion })
    const session = first.getSession() !== undefined && maxVersion === 'TLSv1.2' ? first.getSession() : (await soon('a ticket', once(first, 'session')) as [Buffer])[0]
    const again = await handshake(t, port, { ca, maxVersion, ...session === undefined ? {} : { session } })
    t.ok(again.isSessionReused(), maxVersion)
    await eventually('it is counted', () => stat('tls_handshakes_resumed') === count + 1)
  }
})

test('plain text on a port with TLS: HTTP is told so, others are closed', async (t) => {
  const { portOf, stat } = await embedTls(t)
  for (const [count, protocol] of (['websocket-subscribe', 'websocket-publish', 'grpc', 'http'] as const).entries()) {
    const socket = connectPlain(portOf(protocol), '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.end('GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n')
    t.match(await soon('the end', text(socket)), /^(HTTP\/1\.1 400 [^]*)?$/, protocol)
    await eventually('it is counted', () => stat('tls_failed_plain_text') === count + 1)
  }
})

test('the HTTP API over TLS, with keep-alive', async (t) => {
  const { broker, ca, subscribeUrl } = await embedTls(t)
  const subscriber = await connect(t, `${subscribeUrl}/prices`, { ca })
  const agent = new Agent({ ca, keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const port = broker.api[0]?.port ?? 0
  t.match(broker.api, [{ secure: true }])
  const ask = (method: string, path: string, body = '') => soon(path, new Promise<[number | undefined, string, boolean]>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, agent, headers: { 'content-type': 'text/plain' } }, (answer) => {
      text(answer).then((all) => resolve([answer.statusCode, all, asked.reusedSocket]), reject)
    })
    asked.on('error', reject).end(body)
  }))
  t.match(await ask('GET', '/live'), [200])
  const [status, , isReused] = await ask('POST', '/topics/prices', 'hello')
  t.ok(status !== undefined && status < 300, String(status))
  t.ok(isReused)
  await subscriber.has(1)
  t.strictSame(subscriber.texts(), ['hello'])
  const [, metrics] = await ask('GET', '/metrics')
  t.match(metrics, /^broker_tls_certificate_expiry_seconds \d+$/m)
})

test('curl', { skip: missing('curl', '--version') }, async (t) => {
  const { broker, issuer, portOf } = await embedTls(t)
  const curl = (...args: string[]) => run('curl', ['--silent', '--show-error', '--cacert', issuer.caFile, '--max-time', '20', ...args])
  t.match(await curl(`https://localhost:${broker.api[0]?.port}/live`), { stdout: /./ })
  t.match(await curl('--tlsv1.3', '--write-out', '%{http_code}', `https://localhost:${broker.api[0]?.port}/topics`), { stdout: /200$/ })
  const { stdout } = await curl('--include', '--http1.1', `https://localhost:${portOf('websocket-subscribe')}/a`)
  t.match(stdout, /^HTTP\/1\.1 426 /)
  await t.rejects(run('curl', ['--silent', `https://localhost:${broker.api[0]?.port}/live`]), { code: 60 }, 'an issuer that nobody knows')
})

test('openssl s_client verifies', { skip: missing('openssl', 'version') }, async (t) => {
  const { issuer, portOf } = await embedTls(t)
  const { stdout } = await run('sh', ['-c', `echo | openssl s_client -connect 127.0.0.1:${portOf('websocket-publish')} -servername localhost -CAfile ${issuer.caFile} -tls1_2`])
  t.match(stdout, /Verify return code: 0 \(ok\)/)
  t.match(stdout, /Compression: NONE/)
})

test('who wants to renegotiate is closed', async (t) => {
  const { ca, portOf, stat } = await embedTls(t)
  const socket = await handshake(t, portOf('websocket-publish'), { ca, maxVersion: 'TLSv1.2' })
  const closed = once(socket, 'close').catch(() => {}) // an error comes before it
  socket.renegotiate({}, () => {})
  await soon('the end', closed)
  await eventually('it is counted', () => stat('tls_failed_renegotiation') === 1)
})
