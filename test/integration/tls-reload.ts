/** Certificates are swapped under load, in the ways of certbot and Kubernetes, and no connection is lost. */

import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { reloadTls } from '../../src/tls-extension.js'
import { TestIssuer } from '../support/tls/certificates.js'
import { eventually } from './support/eventually.js'
import { embedGrpc } from './support/grpc-broker.js'
import { handshake } from './support/tls-broker.js'
import { connect, connectMany } from './support/ws-client.js'

test('swapped under load without a lost connection or message', async (t) => {
  const folder = t.testdir({ first: {}, second: {}, third: {} })
  const issuer = new TestIssuer(folder)
  for (const name of ['first', 'second', 'third']) {
    const { certFile, keyFile } = issuer.issue(name, { commonName: name, names: ['DNS:localhost', 'IP:127.0.0.1'] })
    renameSync(certFile, join(folder, name, 'tls.crt'))
    renameSync(keyFile, join(folder, name, 'tls.key'))
  }
  const at = (name: string) => join(folder, name)
  mkdirSync(at('mount'))
  symlinkSync('../first', at('mount/..data'))
  for (const name of ['tls.crt', 'tls.key']) symlinkSync(`..data/${name}`, at(`mount/${name}`))
  const { broker, publishPort, subscribePort, stat } = await embedGrpc(t, { tls: { certFile: at('mount/tls.crt'), keyFile: at('mount/tls.key') } })
  const warnings: string[] = []
  broker.on('warning', ({ name }) => warnings.push(name))
  const ca = readFileSync(issuer.caFile)
  const shown = async () => (await handshake(t, subscribePort, { ca })).getPeerCertificate().subject.CN
  const subscribers = await connectMany(t, 20, `wss://127.0.0.1:${subscribePort}/prices`, { ca })
  const publisher = await connect(t, `wss://127.0.0.1:${publishPort}/prices`, { ca })
  let sent = 0
  let goesOn = true
  const load = (async () => {
    while (goesOn) await publisher.send(String(sent++))
  })()
  t.equal(await shown(), 'first')
  symlinkSync('../second', at('mount/..data_tmp'))
  renameSync(at('mount/..data_tmp'), at('mount/..data'))
  await eventually('the second pair', () => stat('tls_reloads') === 1)
  t.equal(await shown(), 'second')
  writeFileSync(at('second/tls.crt'), 'half of a file')
  await eventually('the refusal', () => stat('tls_reload_failures') === 1)
  t.equal(await shown(), 'second')
  t.throws(() => reloadTls(broker, null), { message: /^tls\.certFile must name a PEM file with a certificate/ })
  symlinkSync('../third', at('mount/..data_tmp'))
  renameSync(at('mount/..data_tmp'), at('mount/..data'))
  await eventually('the third pair', () => stat('tls_reloads') === 2)
  t.equal(await shown(), 'third')
  goesOn = false
  await load
  await Promise.all(subscribers.map((each) => each.has(sent)))
  const all = Array.from({ length: sent }, (_, number) => String(number))
  for (const each of subscribers) t.strictSame(each.texts(), all)
  t.ok(sent > 100, `${sent} messages`)
  t.strictSame(warnings.filter((name) => name.startsWith('tls-')), ['tls-reloaded', 'tls-reload-failed', 'tls-reloaded'])
})
