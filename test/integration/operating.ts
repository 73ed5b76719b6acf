/** The commands that look at a running broker: topics, top, doctor. */

import { once } from 'node:events'
import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { exitOf, runCli, spawnCli, textOf } from '../support/cli.js'
import { connect } from './support/ws-client.js'

const token = '0123456789abcdef'

test('who is connected, and ending one', async (t) => {
  const broker = await startBroker(t, { args: ['--set', `api.token=${token}`] })
  const url = ['--url', `http://127.0.0.1:${broker.apiPort}`]
  const asking = { env: { BROKER_TOKEN: token } }
  const reader = await connect(t, `${broker.subscribeUrl}/?topic=prices/eur&topic=news`)
  const writer = await connect(t, `${broker.publishUrl}/news`)
  await writer.send('1')
  await writer.send('2')
  await reader.has(2)
  const listed = await runCli(['connections', '--sort', 'messagesIn', ...url], asking)
  t.match(listed, { code: 0, stderr: '' })
  const [head, first, second, ...more] = listed.stdout.split('\n')
  t.match(head, /^ID +PROTOCOL +PEER +SUBJECT +IN +OUT +PENDING +STATE +TOPIC$/)
  t.match(first, /^\d+ +websocket-publish +127\.0\.0\.1:\d+ +- +2 +0 +\d+ +open +> news$/)
  t.match(second, /^\d+ +websocket-subscribe +127\.0\.0\.1:\d+ +- +0 +2 +\d+ +open +prices\/eur and 1 more$/)
  t.strictSame(more, [''])
  const { stdout } = await runCli(['connections', '--topic', 'prices/', '--json', ...url], asking)
  const { id } = JSON.parse(stdout) as { id: number }
  t.match(await runCli(['connections', 'remove', String(id), ...url], asking), { code: 0, stdout: '', stderr: '' })
  t.equal((await reader.closed).code, 1008)
  t.match(await runCli(['connections', 'remove', String(id), ...url], asking), { code: 1, stderr: `broker: there is no such connection, got: ${id}\n` })
  t.match(await runCli(['connections', 'remove', ...url], asking), { code: 2, stderr: /needs the id/ })
  t.match(await runCli(['connections', '--sort', 'nothing']), { code: 2 })
  t.match(await runCli(['connections', ...url]), { code: 1, stderr: /was refused: 401 / })
})

test('what is kept of a topic', async (t) => {
  const folder = t.testdir({ 'broker.yaml': 'history: [{ topics: prices*, messages: 3 }]\n' })
  const broker = await startBroker(t, { args: ['--config', `${folder}/broker.yaml`] })
  const url = ['--url', `http://127.0.0.1:${broker.apiPort}`]
  const writer = await connect(t, `${broker.publishUrl}/prices/eur`)
  const reader = await connect(t, `${broker.subscribeUrl}/prices/eur`)
  for (const payload of ['1.06', 'a text', '{"EUR":1.08}', Buffer.from([0, 255])]) await writer.send(payload)
  await reader.has(4)
  const { stdout } = await runCli(['topics', 'prices/eur', '--history', '10', ...url])
  t.match(stdout, /^\w+-1 {2}a text\n\w+-2 {2}\{"EUR":1\.08\}\n\w+-3 {2}\(base64\) AP8=\n$/)
  const last = await runCli(['topics', 'prices/eur', '--history', '1', '--json', ...url])
  t.match(JSON.parse(last.stdout), { position: /-3$/, base64: 'AP8=' })
  t.match(await runCli(['topics', '--history', '1', ...url]), { code: 2, stderr: 'broker: --history needs a topic\n' })
  t.match(await runCli(['topics', 'prices/eur', '--history', '0', ...url]), { code: 2 })
})

test('who listens to what, what happens, what is wrong', async (t) => {
  const broker = await startBroker(t, { args: ['--set', `api.token=${token}`] })
  const url = ['--url', `http://127.0.0.1:${broker.apiPort}`]
  const asking = { env: { BROKER_TOKEN: token } }
  const readers = await Promise.all(['prices/eur', 'prices/eur', 'news'].map((topic) => connect(t, `${broker.subscribeUrl}/${topic}`)))
  t.equal(readers.length, 3)

  t.strictSame(await runCli(['topics', ...url], asking), {
    code: 0, signal: null, stderr: '',
    stdout: 'SUBSCRIBERS  PUBLISHED  SKIPPED  TOPIC\n2            0          0        prices/eur\n1            0          0        news\n',
  })
  const one = await runCli(['topics', 'prices/eur', '--json', ...url], asking)
  t.match(JSON.parse(one.stdout), { topic: 'prices/eur', subscribers: 2, published: 0 })
  t.match(await runCli(['topics', 'nothing', ...url], asking), { code: 1, stderr: 'broker: nobody uses this topic, got: nothing\n' })
  const refused = await runCli(['topics', ...url, '--token', 'another-token-that-is-wrong'])
  t.match(refused, { code: 1, stderr: /^broker: http:\S+\/topics\?max=100 was refused: 401 this is not the token of the API \(--token-file, or BROKER_TOKEN\)\n$/ })
  t.match(await runCli(['top', '--once', '--url', 'http://127.0.0.1:1']), { code: 1, stderr: 'broker: cannot reach the HTTP API at http://127.0.0.1:1: connection refused (ECONNREFUSED)\n' })
  t.match(await runCli(['top', '--interval', '1']), { code: 2, stderr: /must be 200ms..1h, got: 1/ })
  t.match(await runCli(['topics', '--url', 'ws://localhost']), { code: 2, stderr: 'broker: --url must be http://<host>:<port> or https://…, got: ws://localhost\n' })

  const writer = await connect(t, `${broker.publishUrl}/prices/eur`)
  const top = spawnCli({ args: ['top', '--json', '--interval', '200ms', ...url], env: asking.env })
  const exit = exitOf(top)
  t.teardown(() => top.kill('SIGKILL'))
  const stdout = textOf(top.stdout)
  const seen = () => stdout().split('\n').slice(0, -1).some((line) => (JSON.parse(line) as { rates: { deliveries: number } }).rates.deliveries > 0)
  while (!seen()) {
    await writer.send('1.08')
    await once(top.stdout ?? top, 'data')
  }
  top.kill()
  await exit
  const frames = stdout().trim().split('\n').map((line) => JSON.parse(line) as { gauges: Record<string, number>, topics: { topic: string }[] })
  t.match(frames.at(-1), { gauges: { connections: 4, topics: 2 }, topics: [{ topic: 'prices/eur', subscribers: 2 }, { topic: 'news', subscribers: 1 }] })
  t.match((await runCli(['top', '--once', '--interval', '200ms', '--filter', 'news', ...url], asking)).stdout, /connections +4 .*\n[^]*TOPIC\n0 +1 +0 +0 +news\n/)

  const ports = ['--publish-port', String(broker.publishPort), '--subscribe-port', String(broker.subscribePort), '--grpc-port', '0', '--api-port', String(broker.apiPort)]
  const doctor = await runCli(['doctor', '--json', ...ports])
  const { failed, findings } = JSON.parse(doctor.stdout) as { failed: number, findings: { check: string, level: string, got: string }[] }
  const of = (name: string) => findings.find(({ check }) => check === name)
  t.strictSame([doctor.code, failed], [0, 0], JSON.stringify(findings.filter(({ level }) => level === 'fail')))
  t.match(of('ports'), { level: 'good', got: 'taken by a broker that runs' })
  t.match(of('running broker'), { level: 'good', got: `http://localhost:${broker.apiPort} is live and ready` })
  t.match(of('engine'), { level: 'good' })

  const wrong = await runCli(['doctor', '--publish-port', String(broker.publishPort), '--subscribe-port', '0', '--grpc-port', '0', '--api-port', '1'])
  t.equal(wrong.code, 1)
  t.match(wrong.stdout, new RegExp(`FAIL +ports +127.0.0.1:${broker.publishPort}: address already in use \\(EADDRINUSE\\)[^]*→ ss -ltnp 'sport = :${broker.publishPort}' says who listens there\n`))
})
