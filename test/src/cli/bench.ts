import { test } from 'tap'
import { loadRows } from '../../../src/bench/load-rows.js'
import { runCli } from '../../support/cli.js'
import { startServer } from '../../support/websocket-server.js'

const small = ['--scenarios', 'one-to-many', '--subscribers', '5']

test('--help has examples', async (t) => {
  const { code, stdout } = await runCli(['bench', '--help'])
  t.equal(code, 0)
  t.match(stdout, 'Examples:\n  $ broker bench')
})

test('--list names every scenario', async (t) => {
  const { code, stdout } = await runCli(['bench', '--list'])
  t.equal(code, 0)
  t.strictSame(stdout.trim().split('\n').map((line) => line.split(' ')[0]), loadRows.map(({ name }) => name))
})

test('a broker of its own', async (t) => {
  const { code, stdout, stderr } = await runCli(['bench', ...small])
  t.strictSame({ code, stderr }, { code: 0, stderr: '' })
  t.match(stdout, /^one-to-many: .*\n  total +p50 [\d.]+ {2}p99 .* ms\n  spread/)
  t.match(stdout, /server CPU +[\d.]+ µs\/delivery/)
})

test('any WebSocket server that sends what is published to all others of the URL', async (t) => {
  const { server, url } = await startServer(t, { perMessageDeflate: false })
  const paths = new Set<string | undefined>()
  server.on('connection', (socket, request) => {
    paths.add(request.url)
    socket.on('message', (data, isBinary) => {
      for (const other of server.clients) if (other !== socket) other.send(data, { binary: isBinary })
    })
  })
  const { code, stdout, stderr } = await runCli(['bench', ...small, '--url', url, '--json'])
  t.strictSame({ code, stderr }, { code: 0, stderr: '' })
  t.match(JSON.parse(stdout), { name: 'one-to-many', ok: true, deliveries: 500, faults: { missing: 0, corrupted: 0 } })
  t.strictSame([...paths], ['/bench'])
})

test('a server that alters messages gives no figures', async (t) => {
  const { server, url } = await startServer(t, { perMessageDeflate: false })
  server.on('connection', (socket) => socket.on('message', (data) => {
    for (const other of server.clients) if (other !== socket) other.send(`${data as Buffer}`.replace('author', 'artist'))
  }))
  const { code, stdout, stderr } = await runCli(['bench', ...small, '--subscribers', '1', '--url', `${url}/room`, '--message-bytes', '100'])
  t.strictSame({ code, stdout }, { code: 1, stdout: '' })
  t.match(stderr, /^broker: one-to-many: .*corrupted/)
})

test('nobody listens', async (t) => {
  const server = await startServer(t)
  server.server.close()
  t.match(await runCli(['bench', ...small, '--url', server.url]), { code: 1, stderr: 'broker: one-to-many: connect: Connection refused\n' })
})

test('wrong use', async (t) => {
  t.match(await runCli(['bench', '--scenarios', 'none']), { code: 2, stderr: /^broker: --scenarios must be of one-to-many, .*got: none\n$/ })
  t.match(await runCli(['bench', '--url', 'nowhere']), { code: 2, stderr: 'broker: --url must be ws://<host>:<port>[/path with {topic}], got: nowhere\n' })
  t.match(await runCli(['bench', '--subscribe-url', 'ws://localhost:1']), { code: 2, stderr: 'broker: --subscribe-url needs --url, where publishers connect\n' })
  t.match(await runCli(['bench', '--subscribers', '0']), { code: 2, stderr: 'broker: --subscribers must be 1..19000, got: 0\n' })
})
