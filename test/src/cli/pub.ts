import { test } from 'tap'
import { runCli } from '../../support/cli.js'
import { startServer, type TestServer } from '../../support/websocket-server.js'

interface Received {
  readonly path: string
  readonly messages: readonly string[]
  readonly code: number
}

/** What one publisher sends, and how it closes. */
async function receive(server: TestServer): Promise<Received> {
  const { socket, path } = await server.connection()
  const messages: string[] = []
  socket.on('message', (data: Buffer, isBinary: boolean) => messages.push(`${isBinary ? 'binary' : 'text'} ${data.toString('latin1')}`))
  return new Promise((resolve) => socket.once('close', (code) => resolve({ path, messages, code })))
}

async function publish(t: Parameters<typeof startServer>[0], args: string[], input?: string | Buffer) {
  const server = await startServer(t)
  const received = receive(server)
  const result = await runCli(['pub', ...args, '--url', server.url], input === undefined ? {} : { input })
  return { result, received: await received }
}

test('an argument is one message', async (t) => {
  const { result, received } = await publish(t, ['prices', 'a message'])
  t.strictSame(result, { code: 0, signal: null, stdout: '', stderr: '' })
  t.strictSame(received, { path: '/prices', messages: ['text a message'], code: 1000 })
})

test('standard input is one message a line', async (t) => {
  const { result, received } = await publish(t, ['a/b'], 'one\n\nthree')
  t.equal(result.code, 0)
  t.strictSame(received, { path: '/a%2Fb', messages: ['text one', 'text ', 'text three'], code: 1000 })
})

test('standard input as a whole, any bytes', async (t) => {
  const { result, received } = await publish(t, ['a', '-', '--whole', '--binary'], Buffer.from([0xff, 0x0a, 0x00]))
  t.equal(result.code, 0)
  t.strictSame(received.messages, ['binary \xff\n\0'])
})

test('text must be UTF-8', async (t) => {
  const { result, received } = await publish(t, ['a', '-', '--whole'], Buffer.from([0xff]))
  t.match(result, { code: 1, stderr: 'broker: a text message must be valid UTF-8 (use --binary for any bytes)\n' })
  t.strictSame(received.messages, [])
})

test('a large input arrives whole before the exit', async (t) => {
  const line = 'x'.repeat(1000)
  const { result, received } = await publish(t, ['a'], `${line}\n`.repeat(5000))
  t.equal(result.code, 0)
  t.equal(received.messages.length, 5000)
})

test('nobody listens', async (t) => {
  const server = await startServer(t)
  server.server.close()
  const result = await runCli(['pub', 'a', 'b', '--url', server.url])
  t.match(result, { code: 1, stderr: `broker: cannot connect to ${server.url}/a: connection refused (ECONNREFUSED)\n` })
})

test('a refused handshake', async (t) => {
  const server = await startServer(t, { verifyClient: (_info, done) => done(false, 400, 'no control characters in topics') })
  const result = await runCli(['pub', 'a', 'b', '--url', server.url])
  t.match(result, { code: 1, stderr: `broker: ${server.url}/a was refused: 400 no control characters in topics\n` })
})

test('the broker closes while standard input is open', async (t) => {
  const server = await startServer(t)
  server.server.on('connection', (socket) => socket.close(1001, 'going away'))
  const result = await runCli(['pub', 'a', '--url', server.url], { input: 'x\n'.repeat(10) })
  t.match(result, { code: 1, stderr: 'broker: the broker closed the connection: 1001 going away\n' })
})

test('wrong use', async (t) => {
  t.match(await runCli(['pub']), { code: 2, stderr: 'broker: missing required argument \'topic\'\n' })
  t.match(await runCli(['pub', '..', 'b']), { code: 2, stderr: 'broker: TOPIC must not be . or .., got: ..\n' })
  t.match(await runCli(['pub', 'a', 'b'], { env: { BROKER_PUBLISH_PORT: '0' } }), {
    code: 2, stderr: 'broker: publish.port must be 1..65535 to be connected to (see --url), got: 0 (from BROKER_PUBLISH_PORT)\n',
  })
  t.match(await runCli(['pub', 'a', 'b', '--url', 'nowhere']), { code: 2, stderr: 'broker: --url must be ws://<host>:<port> or wss://<host>:<port>, got: nowhere\n' })
})
