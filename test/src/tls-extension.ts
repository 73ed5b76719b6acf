import { pino } from 'pino'
import { test, type Test } from 'tap'
import { logStart } from '../../src/cli/log-start.js'
import { clientSnippet } from '../../src/cli/pusher-app.js'
import { createBrokerWith } from '../../src/create-broker.js'
import { parseOptions } from '../../src/config/parse.js'
import type { BrokerOptions } from '../../src/config/schema.js'
import { reloadTls } from '../../src/tls-extension.js'
import { FakeAddon } from '../support/fake-addon.js'
import { TestIssuer } from '../support/tls/certificates.js'

async function start(t: Test, options: (pair: { certFile: string, keyFile: string }) => BrokerOptions) {
  const issuer = new TestIssuer(t.testdir({}))
  const pair = issuer.issueLocal('server')
  const addon = new FakeAddon()
  const broker = await createBrokerWith(addon, options(pair))
  t.teardown(() => broker.stop())
  const [engine] = addon.engines
  if (engine === undefined) throw new Error('there must be an engine')
  return { issuer, pair, broker, engine }
}

const hosts = ['127.0.0.1']
const responder = { listen: ['tcp://127.0.0.1:0', 'unix:/tmp/x.sock'] }
const apps = [{ id: '1', key: 'key', secret: 'a-secret-of-it' }]

test('each listener has the number of its section, Unix sockets none; the API is one of them', async (t) => {
  const { engine, broker } = await start(t, (tls) => ({
    tls, publish: { hosts }, subscribe: { hosts, tls: { ...tls, minVersion: 1.3 } }, grpc: { hosts, tls: null }, api: { hosts }, responder, pusher: { hosts, apps },
  }))
  t.strictSame(engine.options.listeners.map(({ protocol, tls }) => `${protocol} ${tls}`), [
    'websocket-publish 0', 'websocket-subscribe 1', 'pusher 0', 'grpc null', 'responder-raw 0', 'responder-raw null', 'http 0',
  ])
  t.match(engine.options.tls, [{ minVersion: '1.2', certificates: [{ chain: /BEGIN CERTIFICATE/ }] }, { minVersion: '1.3' }])
  t.notOk('tls' in broker.options, 'keys are not shown')
  t.match(broker.api, [{ address: '127.0.0.1', secure: true }])
  t.match(broker.stats(), { tls_reloads: 0, tls_reload_failures: 0, tls_certificate_expiry_seconds_now: Number })
})

test('what start prints', async (t) => {
  const { broker } = await start(t, (tls) => ({ tls, publish: { hosts, tls: null }, subscribe: { hosts }, grpc: { hosts }, api: { hosts }, responder, pusher: { hosts, apps } }))
  const lines: { event: string, msg: string }[] = []
  logStart(broker, pino({}, { write: (line) => { lines.push(JSON.parse(line) as { event: string, msg: string }) } }), { memoryBytes: null, cpus: null })
  t.strictSame(lines.filter(({ event }) => event === 'listening').map(({ msg }) => msg.replace(/^listening on /, '').replace(/:\d+ /, ' ')), [
    'ws://127.0.0.1 (publish)', 'wss://127.0.0.1 (subscribe)', 'wss://127.0.0.1 (pusher)', '127.0.0.1 (grpc, TLS)', 'tls://127.0.0.1 (responder)',
    'unix:/tmp/x.sock (responder)', 'https://127.0.0.1 (api)',
  ])
  t.match(clientSnippet({ id: '1', key: 'k', secret: 's', clientEvents: true }, 'h', 1, true), 'wssPort: 1, forceTLS: true')
})

test('certificates are read again; a listener does not change between plain and TLS', async (t) => {
  const options = (tls: BrokerOptions['tls']): BrokerOptions => ({ tls, publish: { hosts }, subscribe: null, grpc: null, api: null })
  const { pair, broker, engine, issuer } = await start(t, options)
  reloadTls(broker, null)
  reloadTls(broker, parseOptions(options({ ...pair, names: [{ serverNames: ['localhost'], ...issuer.issueLocal('other') }] })))
  t.strictSame(engine.calls, ['setTls 0 1', 'setTls 0 2'])
  t.throws(() => reloadTls(broker, parseOptions(options(null))), { message: 'publish.tls must stay what it is until the broker is started again (tls), got: another section' })
  t.throws(() => reloadTls(broker, parseOptions(options({ ...pair, keyFile: '/none' }))), { message: /^tls\.keyFile must name a readable file/ })
  engine.tlsFailure = Object.assign(new Error('the key is of no use'), { code: 'ERR_TLS', part: 'key', certificate: 1, tls: 0 })
  t.throws(() => reloadTls(broker, null), { message: /^tls\.names\[0\]\.keyFile must be what TLS can use \(the key is of no use\), got: .*other\.key$/ })
  t.match(broker.stats(), { tls_reloads: 2, tls_reload_failures: 1 })
  const plain = await createBrokerWith(new FakeAddon(), options(null))
  t.teardown(() => plain.stop())
  reloadTls(plain, null)
  t.throws(() => reloadTls(plain, parseOptions(options(pair))), { message: /^publish\.tls must stay what it is .*\(null\)/ })
})

test('where node lacks OpenSSL, or a certificate does not do, nothing starts', async (t) => {
  const pair = new TestIssuer(t.testdir({})).issueLocal('server')
  const starting = (failure: object) => {
    const addon = new FakeAddon()
    addon.checkTls = () => { throw failure }
    return createBrokerWith(addon, { tls: pair })
  }
  const lacking = Object.assign(new Error('TLS needs OpenSSL'), { code: 'ERR_TLS', part: 'library', certificate: -1 })
  await t.rejects(starting(lacking), { name: 'StartError', message: 'TLS needs OpenSSL' })
  const unfit = Object.assign(new Error('too small'), { code: 'ERR_TLS', part: 'chain', certificate: 0 })
  await t.rejects(starting(unfit), { name: 'ConfigError', message: `tls.certFile must be what TLS can use (too small), got: ${pair.certFile}` })
  await t.rejects(createBrokerWith(new FakeAddon(), { tls: { ...pair, keyFile: '/none' } }), { message: /^tls\.keyFile must name a readable file .*\(ENOENT\)$/ })
})
