import { once } from 'node:events'
import { test } from 'tap'
import { WebSocket } from 'ws'
import { startBroker, type BrokerProcess } from '../../support/broker-process.js'
import { exitOf, runCli, spawnCli, textOf } from '../../support/cli.js'

test('a wrong configuration is one line and exit code 2', async (t) => {
  const file = `${t.testdir({ 'broker.yaml': 'timeouts: {closeMs: 1}\n' })}/broker.yaml`
  const table: [string[], Record<string, string>, string][] = [
    [['--publish-port', '65536'], {}, 'publish.port must be 0..65535, got: 65536 (from --publish-port)'],
    [['--host', 'a b'], {}, 'publish.hosts[0] must be an IP address or a host name, got: "a b" (from --host)\n'
      + 'broker: subscribe.hosts[0] must be an IP address or a host name, got: "a b" (from --host)\n'
      + 'broker: pusher.hosts[0] must be an IP address or a host name, got: "a b" (from --host)\n'
      + 'broker: grpc.hosts[0] must be an IP address or a host name, got: "a b" (from --host)'],
    [['--api-port', 'x'], {}, 'api.port must be 0..65535, got: x (from --api-port)'],
    [['--set', 'api.token=short'], {}, 'api.token must be a text of 16..1024 characters, got: (hidden) (from --set)'],
    [['--slow-policy', 'drop'], {}, 'slowPolicy must be one of disconnect, drop-oldest, latest, got: drop (from --slow-policy)'],
    [['--set', 'shards'], {}, '--set must be <key>=<value>, got: shards'],
    [['--set', 'limits.topicsMax=0'], {}, 'limits.topicsMax must be 1..10000000, got: 0 (from --set)'],
    [[], { BROKER_LIMITS_MESSAGE_BYTES_MAX: '0' }, 'limits.messageBytesMax must be 1..16777216 bytes, got: 0 (from BROKER_LIMITS_MESSAGE_BYTES_MAX)'],
    [[], { BROKER_SHARD: '1' }, 'BROKER_SHARD is not a known variable (did you mean BROKER_SHARDS?), got: 1'],
    [['--set', 'limts.messageBytesMax=1'], {}, 'limts is not a known key (did you mean limits?), got: {"messageBytesMax":"1"} (from --set)'],
    [['--config', file], {}, `timeouts.closeMs must be 10..3600000 ms, got: 1 (from ${file})`],
    [['--config', '/none'], {}, '--config must name a readable file, got: /none (ENOENT)'],
    [['--log-format', 'xml'], {}, 'log.format must be one of auto, pretty, json, got: xml (from --log-format)'],
  ]
  await Promise.all(table.map(async ([args, env, line]) => {
    t.strictSame(await runCli(['start', ...args], { env }), { code: 2, signal: null, stdout: '', stderr: `broker: ${line}\n` })
  }))
})

test('says where it listens and what it allows', async (t) => {
  const broker = await startBroker(t, { args: ['--host', '127.0.0.1', '--shards', '1'], env: { BROKER_LIMITS_CONNECTIONS_MAX: '50' } })
  const { publishPort, subscribePort, grpcPort, apiPort } = broker
  t.match(broker.log, [
    { level: 'info', event: 'listening', role: 'publish', msg: `listening on ws://127.0.0.1:${publishPort} (publish)` },
    { level: 'info', event: 'listening', role: 'subscribe', msg: `listening on ws://127.0.0.1:${subscribePort} (subscribe)` },
    { level: 'info', event: 'listening', role: 'grpc', msg: `listening on 127.0.0.1:${grpcPort} (grpc)` },
    { level: 'info', event: 'listening', role: 'api', msg: `listening on http://127.0.0.1:${apiPort} (api)` },
    { level: 'info', event: 'listening', role: 'api' },
    { level: 'warn', event: 'hint', msg: 'only 50 connections at a time; for more raise limits.connectionsMax and the limit of open files (ulimit -n)' },
  ])
  t.match(broker.log.find(({ event }) => event === 'ready'), {
    shards: 1, connectionsMax: 50, msg: /^ready: 1 shard \((epoll|uring)\), up to 50 connections, messages up to 64 KiB, 256 MiB of logs$/,
  })
  t.strictSame(await broker.stop(), { code: 0, signal: null })
  t.equal(broker.stderr(), '')
})

test('gRPC can be switched off, and --host does not switch it on', async (t) => {
  const ports = ['--publish-port', '0', '--subscribe-port', '0', '--api-port', '0']
  const child = spawnCli({ args: ['start', ...ports, '--log-format', 'json', '--set', 'grpc=null', '--host', '127.0.0.1'] })
  t.teardown(() => child.kill('SIGKILL'))
  const exit = exitOf(child)
  const stdout = textOf(child.stdout)
  let asked = false
  child.stdout?.on('data', () => {
    if (asked || !stdout().includes('ready')) return
    asked = true
    child.kill('SIGTERM')
  })
  t.strictSame(await exit, { code: 0, signal: null })
  t.match(stdout(), /"role":"subscribe"/)
  t.notMatch(stdout(), /"role":"grpc"/)
})

test('an address that others reach, without authentication, is warned of so that nobody misses it', async (t) => {
  const broker = await startBroker(t, { args: ['--host', '0.0.0.0'] })
  t.match(await broker.logged(({ event }) => event === 'exposed'), { level: 'warn', msg: /^!+\nOPEN TO EVERYBODY: .*there is no authentication.*\n!+$/ })
})

test('pretty on request', async (t) => {
  const child = spawnCli({ args: ['start', '--publish-port', '0', '--subscribe-port', '0', '--api-port', '0', '--grpc-port', '0', '--log-format', 'pretty'] })
  t.teardown(() => child.kill('SIGKILL'))
  const exit = exitOf(child)
  const stdout = textOf(child.stdout)
  let asked = false
  child.stdout?.on('data', () => {
    if (asked || !stdout().includes('ready')) return
    asked = true // a second signal would skip the drain
    child.kill('SIGTERM')
  })
  t.strictSame(await exit, { code: 0, signal: null })
  t.match(stdout(), /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: listening on ws:\/\/127\.0\.0\.1:\d+ \(publish\)\n/)
})

test('a port in use is one line and exit code 1', async (t) => {
  const { publishPort } = await startBroker(t)
  t.strictSame(await runCli(['start', '--publish-port', String(publishPort), '--subscribe-port', '0']), {
    code: 1, signal: null, stdout: '', stderr: `broker: cannot listen on 127.0.0.1:${publishPort} (publish.port, --publish-port): address already in use (EADDRINUSE)\n`,
  })
})

test('with JSON logs, what fails at the start is JSON too', async (t) => {
  const { publishPort } = await startBroker(t)
  const free = ['--subscribe-port', '0', '--api-port', '0', '--grpc-port', '0']
  const file = `${t.testdir({ 'broker.yaml': 'log: {format: json}\n' })}/broker.yaml`
  const port = ['--publish-port', String(publishPort)]
  const inUse = `cannot listen on 127.0.0.1:${publishPort} (publish.port, --publish-port): address already in use (EADDRINUSE)`
  const table: [string[], Record<string, string>, number, string[]][] = [
    [['--log-format', 'json', '--shards', '0', '--publish-port', '-1'], {}, 2,
      ['publish.port must be 0..65535, got: -1 (from --publish-port)', 'shards must be 1..64, got: 0 (from --shards)']],
    [['--log-format=json', '--shrads'], {}, 2, ["unknown option '--shrads' (Did you mean --shards?)"]],
    [[...port, ...free], { BROKER_LOG_FORMAT: 'json' }, 1, [inUse]],
    [['--config', file, ...port, ...free], {}, 1, [inUse]],
  ]
  await Promise.all(table.map(async ([args, env, code, messages]) => {
    const { stderr, ...result } = await runCli(['start', ...args], { env })
    t.strictSame(result, { code, signal: null, stdout: '' })
    const lines = stderr.trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
    t.match(lines, messages.map((msg) => ({ level: 'error', event: 'failed', pid: Number, time: /^\d{4}-.*Z$/, msg })))
    t.equal(lines.length, messages.length)
  }))
})

test('a variable that is not ours is told of, and ends nothing', async (t) => {
  const broker = await startBroker(t, { env: { BROKER_URL: 'amqp://elsewhere' } })
  t.match(broker.log.find(({ msg }) => msg.includes('BROKER_URL')), { level: 'warn', event: 'hint', msg: 'BROKER_URL is no variable of the broker: it has no effect' })
})

test('too many connections for the limit of open files', async (t) => {
  t.match(await runCli(['start', '--set', 'limits.connectionsMax=10000000']), {
    code: 2, stderr: /^broker: limits\.connectionsMax must be 1\.\.\d+ \(\d+ open files less \d+ in reserve\), got: 10000000 \(from --set\)\n$/,
  })
})

/** A subscriber that never answers a close. */
async function stubborn(broker: BrokerProcess): Promise<WebSocket> {
  const socket = new WebSocket(`${broker.subscribeUrl}/a`)
  await once(socket, 'open')
  socket.pause()
  return socket
}

for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
  test(`${signal} drains, a second one ends at once`, async (t) => {
    const broker = await startBroker(t, { args: ['--set', 'timeouts.closeMs=1h'] })
    const socket = await stubborn(broker)
    t.teardown(() => socket.terminate())
    broker.process.kill(signal)
    await broker.logged(({ event }) => event === 'draining')
    t.strictSame(await broker.stop(signal), { code, signal: null })
  })
}

test('a client that answers the close is waited for', async (t) => {
  const broker = await startBroker(t)
  const socket = new WebSocket(`${broker.subscribeUrl}/a`)
  await once(socket, 'open')
  const closed = once(socket, 'close')
  t.strictSame(await broker.stop(), { code: 0, signal: null })
  t.equal((await closed)[0], 1001)
  t.ok(broker.log.some(({ event }) => event === 'stopped'))
})

test('repeated refusals are limited', async (t) => {
  const broker = await startBroker(t)
  for (let at = 0; at < 20; at++) {
    const socket = new WebSocket(`${broker.publishUrl}/%01`)
    await once(socket, 'error')
  }
  const first = await broker.logged(({ event, level }) => level === 'warn' && event !== 'hint')
  await broker.stop()
  const suppressed = broker.log.find((line) => 'suppressed' in line)
  t.match(suppressed, { event: first.event, suppressed: 15 })
})

test('publish and subscribe through the real broker', async (t) => {
  const broker = await startBroker(t, { args: ['--log-level', 'debug'] })
  const received = runCli(['sub', 'prices', '-n', '2', '--url', broker.subscribeUrl])
  await broker.logged(({ event }) => event === 'connection')
  t.equal((await runCli(['pub', 'prices', '--url', broker.publishUrl], { input: 'one\ntwo\n' })).code, 0)
  t.strictSame(await received, { code: 0, signal: null, stdout: 'one\ntwo\n', stderr: '' })
  t.match(await runCli(['pub', 'prices', '--url', broker.publishUrl], { input: 'x'.repeat(65_537) }), {
    code: 1, stderr: /^broker: the broker closed the connection: 1009 /,
  })
})

test('SIGUSR2 logs what was counted, in the line itself', async (t) => {
  const broker = await startBroker(t)
  t.equal((await runCli(['pub', 'prices', 'x', '--url', broker.publishUrl])).code, 0)
  const subscriber = new WebSocket(`${broker.subscribeUrl}/prices`)
  await once(subscriber, 'open')
  broker.process.kill('SIGUSR2')
  const stats = await broker.logged(({ event }) => event === 'stats')
  t.match(stats, { stats: { publications: 1 }, msg: /^stats: connections_accepted 2, .*publications 1, / })
  t.notMatch(stats.msg, / 0(,|$)/)
  const topic = await broker.logged(({ event }) => event === 'topic-stats')
  t.match(topic, { topic: 'prices', subscribers: 1, msg: /^topic prices: subscribers 1, published \d/ })
  const record = await broker.logged(({ event }) => event === 'flight-record')
  t.match(record, { shard: 0, msg: /^shard 0 did last:\n {2}\d+\.\d{6} accepted connection \d+ fd \d+ listener \d\n/ })
  t.match((record['events'] as string[]).at(-1), /^\d+\.\d{6} opened connection \d+ fd \d+ protocol 2$/)
  subscriber.terminate()
})

test('a log reader that leaves does not end the broker', async (t) => {
  const broker = await startBroker(t)
  broker.process.stdout?.destroy()
  t.equal((await runCli(['pub', 'a', 'b', '--url', broker.publishUrl])).code, 0)
  t.strictSame(await broker.stop(), { code: 0, signal: null })
})

test('--pusher makes an app up and says how to use it', async (t) => {
  const broker = await startBroker(t, { args: ['--pusher'] })
  const app = await broker.logged(({ event }) => event === 'pusher-app')
  t.match(app, { appId: '1', key: /^[0-9a-f]{20}$/, secret: /^[0-9a-f]{32}$/ })
  const page = await broker.logged(({ event }) => event === 'pusher-client')
  t.ok(page.msg.includes(String(app['key'])) && page.msg.includes(String(broker.pusherPort)))
  const server = await broker.logged(({ event }) => event === 'pusher-server')
  t.ok(server.msg.includes(String(app['secret'])))
  const socket = new WebSocket(`ws://127.0.0.1:${broker.pusherPort}/app/${String(app['key'])}?protocol=7`)
  const [greeting] = await once(socket, 'message') as [Buffer]
  t.equal((JSON.parse(greeting.toString()) as { event: string }).event, 'pusher:connection_established')
  const closed = once(socket, 'close')
  t.strictSame(await broker.stop(), { code: 0, signal: null })
  t.equal((await closed)[0], 4100)
})

test('the API answers, and its port in use is one line', async (t) => {
  const broker = await startBroker(t)
  t.equal((await fetch(`http://127.0.0.1:${broker.apiPort}/ready`)).status, 200)
  t.strictSame(await runCli(['start', '--publish-port', '0', '--subscribe-port', '0', '--grpc-port', '0', '--api-port', String(broker.apiPort)]), {
    code: 1, signal: null, stdout: '', stderr: `broker: cannot listen on 127.0.0.1:${broker.apiPort} (api.port, --api-port): address already in use (EADDRINUSE)\n`,
  })
})
