import { test } from 'tap'
import { exitOf, runCli, spawnCli, textOf } from '../../support/cli.js'
import type { WebSocket } from 'ws'
import { startServer, type TestServer } from '../../support/websocket-server.js'

test('prints so many messages and exits', async (t) => {
  const server = await startServer(t)
  const result = runCli(['sub', 'b c', '--count', '2', '--url', server.url])
  const { socket, path } = await server.connection()
  t.equal(path, '/?topic=b%20c')
  const code = new Promise((resolve) => socket.once('close', resolve))
  for (const text of ['one', 'two', 'three']) socket.send(text)
  t.strictSame(await result, { code: 0, signal: null, stdout: 'one\ntwo\n', stderr: '' })
  t.equal(await code, 1000)
})

test('a message in the same packet as the handshake is not lost', async (t) => {
  const server = await startServer(t)
  server.server.on('connection', (socket) => socket.send('early'))
  t.equal((await runCli(['sub', 'a', '-n', '1', '--url', server.url])).stdout, 'early\n')
})

test('bytes are printed as they are', async (t) => {
  const server = await startServer(t)
  server.server.on('connection', (socket) => socket.send(Buffer.from([0xc3, 0xa9])))
  t.equal((await runCli(['sub', 'a', '-n', '1', '--url', server.url])).stdout, 'é\n')
})

/** Each connection says what it is of, as text, and goes on with `more`. */
function announceTopics(server: TestServer, more: (socket: WebSocket, topic: string) => void): void {
  server.server.on('connection', (socket, { url = '' }) => {
    const topic = new URL(url, 'ws://h').searchParams.get('topic') ?? ''
    socket.send(`of ${topic}`)
    more(socket, topic)
  })
}

test('of several topics each line names its own', async (t) => {
  const server = await startServer(t)
  announceTopics(server, () => {})
  const { code, stdout } = await runCli(['sub', 'a', 'b c', 'a', '--count', '2', '--url', server.url])
  t.equal(code, 0)
  t.strictSame(stdout.split('\n').sort(), ['', 'a\tof a', 'b c\tof b c'])
})

test('--json', async (t) => {
  const server = await startServer(t)
  announceTopics(server, (socket) => socket.send(Buffer.from([0xff])))
  const { stdout } = await runCli(['sub', 'a', '--json', '-n', '2', '--url', server.url])
  t.equal(stdout, '{"topic":"a","text":"of a"}\n{"topic":"a","base64":"/w=="}\n')
})

test('a connection that is lost is made again', async (t) => {
  const server = await startServer(t)
  let connections = 0
  announceTopics(server, (socket) => {
    connections += 1
    if (connections === 1) socket.terminate()
    if (connections === 2) socket.close(1001, 'going away')
  })
  const { code, stdout, stderr } = await runCli(['sub', 'a', '-n', '3', '--url', server.url])
  t.equal(code, 0)
  t.equal(stdout, 'of a\nof a\nof a\n')
  t.match(stderr, /^broker: the connection to the broker was lost; trying again in \d+ ms\nbroker: connected again to .*\nbroker: the broker closed the connection: 1001 going away; trying again in \d+ ms\nbroker: connected again to .*\n$/)
})

test('a broker that is away for a while is found again, one that refuses for good is not asked again', async (t) => {
  let attempts = 0
  const server = await startServer(t, { verifyClient: (_info, done) => {
    attempts += 1
    if (attempts === 1) return done(true)
    done(false, attempts < 4 ? 503 : 403, attempts < 4 ? 'busy' : 'not for you')
  } })
  server.server.on('connection', (socket) => socket.terminate())
  const { code, stderr } = await runCli(['sub', 'a', '--url', server.url])
  t.equal(code, 1)
  t.equal(attempts, 4)
  t.match(stderr, /was refused: 503 busy; trying again in \d+ ms\n.*was refused: 503 busy; trying again in \d+ ms\nbroker: ws:\S+ was refused: 403 not for you\n$/)
})

test('who waits to connect again ends with a signal', async (t) => {
  const server = await startServer(t)
  server.server.on('connection', (socket) => {
    server.server.close()
    socket.terminate()
  })
  const child = spawnCli({ args: ['sub', 'a', '--url', server.url] })
  const exit = exitOf(child)
  let told = 0
  child.stderr?.on('data', () => {
    told += 1
    if (told === 2) child.kill('SIGTERM')
  })
  t.strictSame(await exit, { code: 143, signal: null })
})

test('nobody listens at first', async (t) => {
  const server = await startServer(t)
  server.server.close()
  t.match(await runCli(['sub', 'a', '--url', server.url]), { code: 1, stderr: /^broker: cannot connect to .*connection refused \(ECONNREFUSED\)\n$/ })
})

test('a pattern is told to be none', async (t) => {
  const server = await startServer(t)
  announceTopics(server, () => {})
  const { code, stdout, stderr } = await runCli(['sub', 'prices*', '-n', '1', '--url', server.url])
  t.strictSame([code, stdout], [0, 'of prices*\n'])
  t.equal(stderr, 'broker: prices* is the topic of that very name: a subscription names its topics, patterns are for slowConsumers and retain\n')
})

test('the port of the environment', async (t) => {
  const server = await startServer(t)
  announceTopics(server, () => {})
  const { stdout } = await runCli(['sub', 'a', '-n', '1'], { env: { BROKER_SUBSCRIBE_PORT: new URL(server.url).port } })
  t.equal(stdout, 'of a\n')
})

test('the broker goes away', async (t) => {
  const server = await startServer(t)
  server.server.on('connection', (socket) => socket.close(1001, 'going away'))
  const result = await runCli(['sub', 'a', '--no-reconnect', '--url', server.url])
  t.match(result, { code: 1, stderr: 'broker: the broker closed the connection: 1001 going away\n' })
})

test('the connection is lost', async (t) => {
  const server = await startServer(t)
  server.server.on('connection', (socket) => socket.terminate())
  const result = await runCli(['sub', 'a', '--no-reconnect', '--url', server.url])
  t.match(result, { code: 1, stderr: 'broker: the connection to the broker was lost\n' })
})

for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
  test(`${signal} closes and exits`, async (t) => {
    const server = await startServer(t)
    const child = spawnCli({ args: ['sub', 'a', '--url', server.url] })
    const exit = exitOf(child)
    const { socket } = await server.connection()
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.send('ready')
    child.stdout?.once('data', () => child.kill(signal))
    t.strictSame(await exit, { code, signal: null })
    t.equal(await closed, 1000)
  })
}

test('a reader that leaves is a normal end', async (t) => {
  const server = await startServer(t)
  const child = spawnCli({ args: ['sub', 'a', '--url', server.url] })
  const exit = exitOf(child)
  const stderr = textOf(child.stderr)
  const { socket } = await server.connection()
  socket.send('one')
  child.stdout?.once('data', () => {
    child.stdout?.destroy()
    const flood = setInterval(() => socket.send('more'), 5)
    socket.once('close', () => clearInterval(flood))
  })
  t.strictSame(await exit, { code: 0, signal: null })
  t.equal(stderr(), '')
})

test('a reader that is slow gets everything', async (t) => {
  const server = await startServer(t)
  const child = spawnCli({ args: ['sub', 'a', '-n', '2000', '--url', server.url] })
  const exit = exitOf(child)
  child.stdout?.pause()
  const { socket } = await server.connection()
  const line = 'x'.repeat(1000)
  for (let at = 0; at < 2000; at++) socket.send(line)
  const stdout = textOf(child.stdout)
  child.stdout?.resume()
  t.strictSame(await exit, { code: 0, signal: null })
  t.equal(stdout(), `${line}\n`.repeat(2000))
})

test('wrong use', async (t) => {
  t.match(await runCli(['sub']), { code: 2, stderr: 'broker: missing required argument \'topic\'\n' })
  t.match(await runCli(['sub', '']), { code: 2, stderr: 'broker: TOPIC must be 1 to 200 bytes, got: an empty one\n' })
  t.match(await runCli(['sub', 'a', '--url', 'nowhere']), { code: 2 })
  t.match(await runCli(['sub', 'a', '-n', '0']), { code: 2, stderr: /^broker: option '-n, --count <count>' argument '0' is invalid.*got: 0\n$/ })
})
