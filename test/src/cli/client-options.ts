import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { test, type Test } from 'tap'
import { WebSocketServer, type WebSocket } from 'ws'
import { cautions, clientAccess, noAccess, type ClientFlags } from '../../../src/cli/client-options.js'
import { connect } from '../../../src/cli/connect.js'
import { runCli } from '../../support/cli.js'
import { startServer } from '../../support/websocket-server.js'
import { TestIssuer } from '../../support/tls/certificates.js'

interface Came {
  readonly authorization: string | undefined
  /** The common name of the client's certificate. */
  readonly client: string | undefined
}

/** A server over TLS that says one message to everybody. */
async function startTls(t: Test, issuer: TestIssuer, requestCert: boolean) {
  const { certFile, keyFile } = issuer.issue('server', { commonName: 'localhost', names: ['DNS:localhost'] })
  const https = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile), ca: readFileSync(issuer.caFile), requestCert, rejectUnauthorized: requestCert })
  const server = new WebSocketServer({ server: https })
  const came: Came[] = []
  server.on('connection', (socket: WebSocket, request) => {
    const subject = (request.socket as TLSSocket).getPeerCertificate().subject as { CN?: string } | undefined
    came.push({ authorization: request.headers.authorization, client: subject?.CN })
    socket.send('hello')
  })
  https.listen(0, '127.0.0.1')
  await once(https, 'listening')
  t.teardown(() => {
    for (const socket of server.clients) socket.terminate()
    https.close()
  })
  const { port } = https.address() as AddressInfo
  return { came, port, url: `wss://localhost:${port}` }
}

/** What becomes of a connection, in one line. */
async function outcome(url: string, flags: ClientFlags = {}): Promise<string> {
  try {
    const { socket } = await connect(new URL(`${url}/a`), 'publish', () => {}, clientAccess(flags, {}))
    socket.terminate()
    return 'open'
  } catch (error) {
    return (error as Error).message
  }
}

test('pub and sub over TLS: an issuer of its own, a certificate to show, a token from three places', async (t) => {
  const folder = t.testdir({ 'feed.token': 'file.token-1\n' })
  const issuer = new TestIssuer(folder)
  const { certFile, keyFile } = issuer.issue('client', { commonName: 'feed.internal' })
  const { url, came } = await startTls(t, issuer, true)
  const tls = ['--ca', issuer.caFile, '--cert', certFile, '--key', keyFile, '--url', url]
  const file = ['--token-file', join(folder, 'feed.token')]
  t.strictSame(await runCli(['sub', 'a', '-n', '1', ...tls, ...file]), { code: 0, signal: null, stdout: 'hello\n', stderr: '' })
  t.match(await runCli(['pub', 'a', 'b', ...tls], { env: { BROKER_TOKEN: 'variable' } }), { code: 0, stderr: '' })
  t.strictSame(came, ['Bearer file.token-1', 'Bearer variable'].map((authorization) => ({ authorization, client: 'feed.internal' })))
  t.match(clientAccess({ token: 'flag' }, { BROKER_TOKEN: 'variable' }), { headers: { authorization: 'Bearer flag' } })
  t.strictSame(clientAccess({}, {}), noAccess)
  t.match(await outcome(url, { ca: issuer.caFile }), /^cannot connect to wss:.*: (no TLS could be agreed on|.*\(ECONNRESET\)|socket hang up)/)
})

test('who is not trusted, who is meant to be somebody else, and who is accepted all the same', async (t) => {
  const folder = t.testdir({})
  const [issuer, stranger] = [new TestIssuer(folder), new TestIssuer(folder, 'stranger')]
  const { url, port } = await startTls(t, issuer, false)
  const untrusted = /^cannot connect to wss:\S+: nobody that is trusted here has signed its certificate \(\w+\): see --ca$/
  t.match(await outcome(url), untrusted)
  t.match(await outcome(url, { ca: stranger.caFile }), untrusted)
  t.equal(await outcome(url, { ca: issuer.caFile }), 'open')
  t.match(await outcome(`wss://127.0.0.1:${port}`, { ca: issuer.caFile }), /: its certificate is not for 127\.0\.0\.1 \(ERR_TLS_CERT_ALTNAME_INVALID\)$/)
  t.match(await runCli(['pub', 'a', 'b', '--url', url, '--insecure']), {
    code: 0, stderr: 'broker: --insecure: whoever answers is taken for the broker, and may read and change everything\n',
  })
})

test('TLS to who speaks none, and the other way round', async (t) => {
  const plain = await startServer(t)
  t.match(await outcome(plain.url.replace('ws:', 'wss:')), /: no TLS could be agreed on \((EPROTO|ERR_SSL_\w+)\): is it a wss:\/\/ port, and does it want a certificate \(--cert\)\?$/)
  const { port } = await startTls(t, new TestIssuer(t.testdir({})), false)
  t.match(await outcome(`ws://127.0.0.1:${port}`), /^cannot connect to ws:/)
})

test('wrong use', async (t) => {
  const folder = t.testdir({ 'two.words': 's3cret two', cert: 'x' })
  const none = join(folder, 'none')
  const refused = (flags: Parameters<typeof clientAccess>[0], message: string) => t.throws(() => clientAccess(flags, {}), { message })
  const form = 'must be 1..8192 letters, digits or -._~+/, and = at its end only'
  refused({ token: 'a', tokenFile: 'b' }, 'there must be at most one of --token, --token-file, got: both')
  refused({ tokenFile: none }, `--token-file must name a readable file, got: ${none} (ENOENT)`)
  refused({ tokenFile: join(folder, 'two.words') }, `--token-file ${form}, got: 10 characters`)
  refused({ token: 'x'.repeat(8193) }, `--token ${form}, got: 8193 characters`)
  refused({ ca: none }, `--ca must name a readable file, got: ${none} (ENOENT)`)
  refused({ key: join(folder, 'cert') }, '--key must have --cert beside it, got: --key alone')
  t.match(await runCli(['pub', 'a', 'b', '--url', 'ws://h:1', '--insecure']), {
    code: 2, stderr: 'broker: --url must be wss://<host>:<port> with --ca, --cert, --key or --insecure, got: ws://h:1\n',
  })
})

test('a token in plain text beyond this machine is told', async (t) => {
  const access = clientAccess({ token: 'abc' }, {})
  const told = (url: string) => cautions(new URL(url), {}, access)
  t.strictSame(told('ws://broker.example:8001/a'), ['the token goes to broker.example:8001 in plain text: use wss://'])
  for (const url of ['wss://broker.example', 'ws://localhost:1', 'ws://127.1.2.3:1', 'ws://[::1]:1']) t.strictSame(told(url), [], url)
  t.strictSame(cautions(new URL('ws://broker.example'), {}, clientAccess({}, {})), [])
})

test('one file for a certificate and its key', async (t) => {
  const folder = t.testdir({})
  writeFileSync(join(folder, 'both.pem'), 'both')
  const { tls } = clientAccess({ cert: join(folder, 'both.pem') }, {})
  t.strictSame([String(tls.cert), String(tls.key)], ['both', 'both'])
})
