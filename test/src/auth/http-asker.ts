import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'tap'
import { NodeHttpAsker, type HttpQuestion } from '../../../src/auth/http-asker.js'
import { TestServer } from '../../support/auth/server.js'

const get: HttpQuestion = { method: 'GET', headers: {}, body: null, timeoutMs: 5000, bytesMax: 1000 }

test('questions and answers', async (t) => {
  const server = await TestServer.start(t)
  const asker = new NodeHttpAsker()
  t.teardown(() => asker.close())
  server.respond = (response) => response.writeHead(201).end('yes')
  const body = Buffer.from('é?')
  const answer = await asker.ask(server.url('/a?b'), { ...get, method: 'POST', headers: { 'x-a': 'b' }, body })
  t.strictSame([answer.status, answer.body.toString()], [201, 'yes'])
  t.match(server.requests[0], { method: 'POST', path: '/a?b', body: 'é?', headers: { 'x-a': 'b', 'content-length': '3' } })
  await asker.ask(server.url(), get)
  t.match(server.requests[1], { method: 'GET', body: '' })
})

test('no redirects', async (t) => {
  const server = await TestServer.start(t)
  const asker = new NodeHttpAsker()
  t.teardown(() => asker.close())
  server.respond = (response) => response.writeHead(302, { location: '/elsewhere' }).end()
  t.equal((await asker.ask(server.url(), get)).status, 302)
  t.equal(server.requests.length, 1)
})

test('an answer that is too large, slow, broken or none', async (t) => {
  const server = await TestServer.start(t)
  const asker = new NodeHttpAsker()
  t.teardown(() => asker.close())
  const fails = (respond: TestServer['respond'], message: RegExp, question = get) => {
    server.respond = respond
    return t.rejects(asker.ask(server.url('/secret'), question), { message })
  }
  server.respond = (response) => response.end('x'.repeat(1000))
  t.equal((await asker.ask(server.url(), get)).body.length, 1000)
  await fails((response) => response.end('x'.repeat(1001)), /^the answer must be at most 1000 bytes, got: more$/)
  await fails((response) => {
    const timer = setInterval(() => response.write('x'.repeat(100)), 1)
    response.on('close', () => clearInterval(timer))
  }, /at most 1000 bytes/)
  await fails(() => {}, /^no answer within 50 ms$/, { ...get, timeoutMs: 50 })
  await fails((response) => response.writeHead(200).write('x'), /^no answer within 50 ms$/, { ...get, timeoutMs: 50 })
  await fails((response) => response.destroy(), /socket hang up|ECONNRESET/)
  await fails((response) => response.writeHead(200, { 'content-length': 10 }).write('x', () => response.destroy()), /aborted|ECONNRESET/)
  await fails((response) => response.writeHead(101, { upgrade: 'x', connection: 'upgrade' }).end(), /another protocol|hang up|closed/i)
  server.stop()
  await fails(() => {}, /ECONNREFUSED/)
})

test('what is no HTTP', async (t) => {
  const server = createServer((socket) => socket.end('nonsense\r\n\r\n').on('error', () => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const asker = new NodeHttpAsker()
  t.teardown(() => asker.close())
  await t.rejects(asker.ask(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), get), { message: /Parse Error/ })
})
