import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { test } from 'tap'
import { HttpWebhookPoster } from '../../../../src/pusher/webhook/poster.js'
import { WebhookReceiver, headsArrived, status, until } from '../../../support/pusher/webhook/webhook-receiver.js'

interface Test {
  teardown(task: () => unknown): void
}

async function start(t: Test) {
  const receiver = await new WebhookReceiver().start(t)
  const poster = new HttpWebhookPoster()
  t.teardown(() => poster.close())
  const post = (body: string, signal = new AbortController().signal) => {
    return poster.post(new URL(receiver.url), { 'x-test': 'yes' }, Buffer.from(body), signal)
  }
  return { receiver, poster, post }
}

/** A server that answers every connection with these bytes once it has sent something. */
async function rawServer(t: Test, answer: (socket: Socket) => void): Promise<URL> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => answer(socket))
  })
  server.listen(0, '127.0.0.1')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await once(server, 'listening')
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
}

test('a request and its status', async (t) => {
  const { receiver, post } = await start(t)
  t.equal(await post('{"é":1}'), 200)
  t.match(receiver.received[0], {
    method: 'POST', path: '/hook', body: '{"é":1}', headers: { 'x-test': 'yes', 'content-length': '8', connection: 'keep-alive' },
  })
  receiver.answer = status(503)
  t.equal(await post(''), 503)
})

test('connections are kept, also after an answer with a body', async (t) => {
  const { receiver, post } = await start(t)
  receiver.answer = (response) => response.end('x'.repeat(60_000))
  for (let at = 0; at < 5; at++) await post('{}')
  t.strictSame(receiver.received.map(({ connection }) => connection), [1, 1, 1, 1, 1])
})

test('redirects are an answer like others', async (t) => {
  const { receiver, post } = await start(t)
  for (const code of [301, 302, 303, 307, 308]) {
    receiver.answer = status(code, { location: '/elsewhere' })
    t.equal(await post('{}'), code)
  }
  t.ok(receiver.received.every(({ path }) => path === '/hook'))
})

test('who says too much loses its connection', async (t) => {
  const { receiver, post } = await start(t)
  receiver.answer = (response) => {
    response.on('error', () => {})
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(10_000)));
    }
    response.on('drain', more)
    more()
  }
  t.equal(await post('{}'), 200)
  receiver.answer = status(200)
  t.equal(await post('{}'), 200)
  t.equal(receiver.connections, 2)
})

test('an answer that never ends is over when its time is', async (t) => {
  const { receiver, post } = await start(t)
  const abort = new AbortController()
  const heads = headsArrived(t)
  receiver.answer = (response) => response.write('x')
  const outcome = post('{}', abort.signal)
  await until(() => heads() === 1)
  abort.abort()
  t.equal(await outcome, 200)
})

test('no answer', async (t) => {
  const { receiver, post } = await start(t)
  const abort = new AbortController()
  receiver.answer = () => abort.abort()
  await t.rejects(post('{}', abort.signal), { name: 'AbortError' })
})

test('answers that are none', async (t) => {
  const { poster } = await start(t)
  const answers: [string, RegExp][] = [
    ['', /socket hang up|ECONNRESET/], ['HTTP/1.1 200', /socket hang up|ECONNRESET|[Pp]arse/], ['nonsense\r\n\r\n', /[Pp]arse/],
  ]
  for (const [bytes, message] of answers) {
    const url = await rawServer(t, (socket) => socket.end(bytes))
    await t.rejects(poster.post(url, {}, Buffer.from('{}'), new AbortController().signal), { message }, JSON.stringify(bytes))
  }
})

test('another protocol is an answer like others', async (t) => {
  const { poster } = await start(t)
  const head = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'
  const url = await rawServer(t, (socket) => socket.write(head))
  t.equal(await poster.post(url, {}, Buffer.from('{}'), new AbortController().signal), 101)
})

test('an answer that breaks off has come', async (t) => {
  const { poster } = await start(t)
  const url = await rawServer(t, (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx'))
  t.equal(await poster.post(url, {}, Buffer.from('{}'), new AbortController().signal), 200)
})

test('nobody there', async (t) => {
  const { poster } = await start(t)
  const url = await rawServer(t, (socket) => socket.end())
  const gone = createTcpServer().listen(0, '127.0.0.1')
  await once(gone, 'listening')
  const { port } = gone.address() as AddressInfo
  gone.close()
  await once(gone, 'close')
  url.port = String(port)
  await t.rejects(poster.post(url, {}, Buffer.from('{}'), new AbortController().signal), { code: 'ECONNREFUSED' })
})

test('https speaks TLS', async (t) => {
  const { poster } = await start(t)
  let first = -1
  const url = await rawServer(t, (socket) => socket.destroy())
  const server = createTcpServer((socket) => socket.on('error', () => {}).once('data', (data) => {
    first = data[0] ?? -1
    socket.destroy()
  })).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  url.protocol = 'https:'
  url.port = String((server.address() as AddressInfo).port)
  await t.rejects(poster.post(url, {}, Buffer.from('{}'), new AbortController().signal))
  t.equal(first, 0x16, 'a handshake record')
})

test('close ends idle connections', async (t) => {
  const { receiver, poster, post } = await start(t)
  await post('{}')
  poster.close()
  await until(() => receiver.open === 0)
  t.equal(receiver.open, 0)
})
