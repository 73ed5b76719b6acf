/** SIGHUP on a running broker: tokens, grants and certificates change, connections that stood on what is gone end, the others stay. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { TestIssuer } from '../support/tls/certificates.js'
import { closed, open } from './support/auth.js'
import { handshake } from './support/tls-broker.js'

test('tokens that go end their connections, tokens that come are taken', async (t) => {
  const folder = t.testdir({ 'feed.token': 'the-token-of-the-feed', 'desk.token': 'the-token-of-the-desk' })
  const file = join(folder, 'broker.yaml')
  const write = (names: readonly string[], level = 'info') => {
    const tokens = names.map((name) => `    - { name: ${name}, secretFile: '${join(folder, `${name}.token`)}', subscribe: ['prices/*'] }\n`).join('')
    writeFileSync(file, `log: { level: ${level} }\nauth:\n  anonymous: {}\n  tokens:\n${tokens}`)
  }
  write(['feed'])
  const broker = await startBroker(t, { args: ['--config', file] })
  const url = `${broker.subscribeUrl}/prices/eur`
  const feed = await open(t, url, { token: 'the-token-of-the-feed' })
  t.equal(feed.status, 101)
  t.equal((await open(t, url, { token: 'the-token-of-the-desk' })).status, 401)

  write(['feed', 'desk'])
  broker.process.kill('SIGHUP')
  t.match(await broker.logged(({ event }) => event === 'reload'), { msg: 'reloaded: auth.tokens' })
  const desk = await open(t, url, { token: 'the-token-of-the-desk' })
  t.equal(desk.status, 101)

  const ended = closed(feed.socket)
  write(['desk'], 'debug')
  broker.process.kill('SIGHUP')
  t.match(await broker.logged(({ msg }) => /auth\.tokens, log\.level|log\.level, auth\.tokens/.test(msg)), { event: 'reload' })
  t.match(await ended, [1008])
  t.equal(desk.socket.readyState, desk.socket.OPEN)

  const secondEnd = closed(desk.socket)
  writeFileSync(join(folder, 'desk.token'), 'another-token-of-the-desk')
  broker.process.kill('SIGHUP')
  await broker.logged(({ msg }) => msg === 'reloaded: the files of auth')
  t.match(await secondEnd, [1008], 'no key has changed, but the secret')
  t.equal((await open(t, url, { token: 'another-token-of-the-desk' })).status, 101)

  writeFileSync(join(folder, 'desk.token'), '')
  broker.process.kill('SIGHUP')
  t.match(await broker.logged(({ event }) => event === 'reload-failed'), { msg: /^auth stay as they were: auth\.tokens\[0\]\.secretFile must / })
  t.equal((await open(t, url, { token: 'another-token-of-the-desk' })).status, 101)
  t.notMatch(JSON.stringify(broker.log), /token-of-the/)
})

test('another certificate in the configuration, and a listener that cannot change', async (t) => {
  const folder = t.testdir({})
  const issuer = new TestIssuer(folder)
  const named = (commonName: string) => issuer.issue(commonName, { commonName, names: ['DNS:localhost'] })
  const [first, second] = [named('first'), named('second')]
  const file = join(folder, 'broker.yaml')
  writeFileSync(file, `tls: ${JSON.stringify(first)}\n`)
  const broker = await startBroker(t, { args: ['--config', file] })
  const ca = readFileSync(issuer.caFile)
  const shown = async () => (await handshake(t, broker.subscribePort, { ca })).getPeerCertificate().subject.CN
  t.equal(await shown(), 'first')
  writeFileSync(file, `tls: ${JSON.stringify(second)}\n`)
  broker.process.kill('SIGHUP')
  await broker.logged(({ event }) => event === 'reload')
  t.equal(await shown(), 'second')
  writeFileSync(file, `tls: ${JSON.stringify(second)}\ngrpc: { tls: null }\n`)
  broker.process.kill('SIGHUP')
  t.match(await broker.logged(({ event }) => event === 'reload-failed'), { msg: /grpc\.tls must stay what it is until the broker is started again/ })
  t.equal(await shown(), 'second')
})
