import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'tap'
import { runCli } from '../../support/cli.js'
import { TestIssuer } from '../../support/tls/certificates.js'

test('a sound configuration, and what to mind about it', async (t) => {
  t.match(await runCli(['config', 'check', '--set', 'publish.port=0']), { code: 0, stderr: '', stdout: /^the configuration is sound: it listens on 127\.0\.0\.1:0 \(websocket-publish\), / })
  const folder = t.testdir({})
  const { certFile, keyFile } = new TestIssuer(folder).issueLocal('server', 5)
  const { code, stdout } = await runCli(['config', 'check', '--json', '--host', '0.0.0.0', '--set', `tls.certFile=${certFile}`, `tls.keyFile=${keyFile}`])
  t.equal(code, 0)
  const { warnings, listeners } = JSON.parse(stdout) as { warnings: string[], listeners: string[] }
  t.match(warnings, [/^OPEN TO EVERYBODY: /, /^the certificate in \S+server\.pem \(or one behind it\) ends in 4 days$/])
  t.ok(listeners.includes('0.0.0.0:8002 (websocket-subscribe, TLS)') && listeners.includes('127.0.0.1:8000 (http, TLS)'), listeners.join(' '))
})

test('what would not start is exit code 2, a line for each reason', async (t) => {
  const folder = t.testdir({ 'broker.yaml': 'tls: { certFile: none.pem, keyFile: none.key }\n' })
  const result = await runCli(['config', 'check', '--config', join(folder, 'broker.yaml')])
  t.match(result, { code: 2, stdout: '' })
  t.match(result.stderr.split('\n'), [/^broker: tls\.certFile must name a readable file .*\(from .*broker\.yaml\)$/, /^broker: tls\.keyFile must name a readable file/, ''])
  t.match(await runCli(['config', 'check', '--set', 'shards=0']), { code: 2, stderr: 'broker: shards must be 1..64, got: 0 (from --set)\n' })
})

test('secrets and keys of auth are read, its servers are not asked', async (t) => {
  const folder = t.testdir({ empty: '', good: 'a-secret-of-at-least-32-characters' })
  const check = (auth: object) => {
    writeFileSync(join(folder, 'broker.json'), JSON.stringify({ auth }))
    return runCli(['config', 'check', '--config', join(folder, 'broker.json')])
  }
  t.match(await check({ tokens: [{ name: 'feed', secretFile: join(folder, 'missing') }] }), { code: 2, stderr: /^broker: auth\.tokens\[0\]\.secretFile must / })
  const keyOf = (name: string) => ({ jwt: { keys: [{ alg: 'HS256', secretFile: join(folder, name) }] } })
  t.match(await check(keyOf('empty')), { code: 2, stderr: /^broker: auth\.jwt\.keys\[0\]\.secretFile must / })
  t.match(await check(keyOf('good')), { code: 0 })
  const server = createServer(() => t.fail('it is asked')).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  t.match(await check({ jwt: { jwksUrl: url }, webhook: { url } }), { code: 0 })
})
