import { test } from 'tap'
import { exitOf, runCli, spawnCli, textOf } from '../../support/cli.js'
import { startServer } from '../../support/websocket-server.js'

test('prints so many messages and exits', async (t) => {
  const server = await startServer(t)
  const result = runCli(['sub', 'a', 'b c', '--count', '2', '--url', server.url])
  const { socket, path } = await server.connection()
  t.equal(path, '/?topic=a&topic=b%20c')
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

test('the broker goes away', async (t) => {
  const server = await startServer(t)
  server.server.on('connection', (socket) => socket.close(1001, 'going away'))
  const result = await runCli(['sub', 'a', '--url', server.url])
  t.match(result, { code: 1, stderr: 'broker: the broker closed the connection: 1001 going away\n' })
})

test('the connection is lost', async (t) => {
  const server = await startServer(t)
  server.server.on('connection', (socket) => socket.terminate())
  const result = await runCli(['sub', 'a', '--url', server.url])
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
  t.match(await runCli(['sub', 'a', '-n', '0']), { code: 2, stderr: /^broker: option '-n, --count <count>' argument '0' is invalid.*got: 0\n$/ })
})
