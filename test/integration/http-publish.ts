/** Publishing by POST on the publish port, with clients as people have them: fetch, curl, many requests on one connection. */

import { spawn } from 'node:child_process'
import { Agent, request as ask, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { test, type Test } from 'tap'
import { exitOf, textOf } from '../support/cli.js'
import { embed, type Embedded } from './support/embedded.js'
import { RawClient } from './support/raw-client.js'
import { connect } from './support/ws-client.js'

interface Published {
  readonly offset: number
  readonly position: string
}

async function start(t: Test, options: Parameters<typeof embed>[1] = {}): Promise<Embedded & { readonly url: string }> {
  const place = await embed(t, options)
  return { ...place, url: `http://127.0.0.1:${place.publishPort}` }
}

const plain = { 'content-type': 'text/plain' }

async function publish(url: string, body: string | Uint8Array, headers: Readonly<Record<string, string>> = plain): Promise<Published> {
  const answer = await fetch(url, { method: 'POST', body, headers })
  if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`)
  return await answer.json() as Published
}

test('fetch publishes text and bytes, and is told the place', async (t) => {
  const { url, subscribeUrl } = await start(t)
  const reader = await connect(t, `${subscribeUrl}/prices`)
  const first = await publish(`${url}/prices`, 'one')
  t.equal(first.offset, 0)
  t.match(first.position, /^[0-9A-Za-z]{8,32}-0$/)
  t.match(await publish(`${url}/topics/prices`, Buffer.from([0, 255]), {}), { offset: 1 })
  await reader.has(2)
  t.strictSame(reader.received.map(({ payload, binary }) => [payload.toString('latin1'), binary]), [['one', false], ['\x00\xff', true]])
})

test('curl: -d is text, a large body waits for 100 Continue', async (t) => {
  const { url, subscribeUrl } = await start(t, { limits: { messageBytesMax: '4MiB' } })
  const reader = await connect(t, `${subscribeUrl}/prices`)
  const run = async (...args: string[]) => {
    const curl = spawn('curl', ['-sS', '-i', ...args])
    const [stdout, exit] = [textOf(curl.stdout), exitOf(curl)]
    curl.stdin.on('error', () => {}) // of one that reads none of it
    curl.stdin.end('x'.repeat(2 ** 21))
    t.equal((await exit).code, 0)
    return stdout()
  }
  t.match(await run('-d', '{"EUR":1.08}', `${url}/prices`), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n\{"offset":0,"position":"[0-9A-Za-z]+-0"\}$/)
  t.match(await run('--data-binary', '@-', '-H', 'content-type: text/plain', `${url}/prices`), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
  t.match(await run('-T', '-', '-X', 'POST', '-H', 'expect:', '-H', 'content-type: text/plain', `${url}/prices`), /HTTP\/1\.1 200 OK\r\n[^]*"offset":2/, 'in chunks')
  await reader.has(3)
  t.strictSame(reader.received.map(({ payload, binary }) => [payload.length, binary]), [[12, false], [2 ** 21, false], [2 ** 21, false]])
})

test('a thousand requests on one kept connection', async (t) => {
  const { url, broker } = await start(t)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  for (let n = 0; n < 1000; n += 1) {
    const sent = ask(`${url}/prices`, { method: 'POST', agent, headers: plain })
    sent.end(String(n))
    const [answer] = await once(sent, 'response') as [IncomingMessage]
    const { offset } = JSON.parse(await text(answer)) as Published
    if (offset !== n) t.equal(offset, n)
  }
  t.match(broker.stats(), { posts: 1000, posts_refused: 0, connections_accepted: 1, messages_received: 1000 })
})

test('pipelined requests are answered in order, a health check and an upgrade between them', async (t) => {
  const { publishPort, subscribeUrl } = await start(t)
  const reader = await connect(t, `${subscribeUrl}/a`)
  const client = new RawClient(t, { port: publishPort, host: '127.0.0.1' })
  const post = (body: string) => `POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  client.write(post('one') + post('two') + 'GET /up HTTP/1.1\r\nHost: localhost\r\n\r\n' + post('three'))
  await reader.has(3)
  t.strictSame(reader.texts(), ['one', 'two', 'three'])
  const statuses: string[] = []
  for (let n = 0; n < 4; n += 1) {
    const head = await client.head()
    statuses.push(head.slice(9, 12))
    await client.bytes(Number(/content-length: (\d+)/i.exec(head)?.[1]))
  }
  t.strictSame(statuses, ['200', '200', '200', '200'])
})

test('a repeated Idempotency-Key is answered with the first place', async (t) => {
  const { url, subscribeUrl, broker } = await start(t, { limits: { idempotencyKeysPerTopicMax: 2 } })
  const reader = await connect(t, `${subscribeUrl}/orders`)
  const keyed = (key: string) => publish(`${url}/orders`, key, { ...plain, 'idempotency-key': key })
  const first = await keyed('a')
  t.strictSame(await keyed('a'), first)
  t.match(await keyed('b'), { offset: 1 })
  t.match(await keyed('c'), { offset: 2 })
  t.match(await keyed('a'), { offset: 3 }, 'two newer ones have taken its place')
  await reader.has(4)
  t.strictSame(reader.texts(), ['a', 'b', 'c', 'a'])
  t.equal(broker.stats()['posts_repeated'], 1)
})

test('refusals say why', async (t) => {
  const { url } = await start(t, { limits: { messageBytesMax: '1KiB' } })
  const refused = async (path: string, init: RequestInit) => {
    const answer = await fetch(url + path, { method: 'POST', body: 'x', ...init })
    return [answer.status, (await answer.text()).trim()]
  }
  t.match(await refused('/a', { body: 'x'.repeat(1025) }), [413, 'the message is too big'])
  t.match(await refused('/a', { headers: { 'content-encoding': 'gzip' } }), [415, /Content-Encoding/])
  t.match(await refused('/a', { body: Buffer.from([255]), headers: plain }), [400, /UTF-8/])
  t.match(await refused('/a?last=1', {}), [400, /got: last/])
  t.match(await refused('/a', { headers: { origin: 'https://shop.example' } }), [403, /origin/])
})

test('many clients at once, each with its own order', async (t) => {
  const { url, subscribeUrl } = await start(t)
  const reader = await connect(t, `${subscribeUrl}/crowd`)
  const clients = 20
  const each = 50
  await Promise.all(Array.from({ length: clients }, async (_client, client) => {
    for (let n = 0; n < each; n += 1) await publish(`${url}/crowd`, `${client} ${n}`)
  }))
  await reader.has(clients * each)
  for (let client = 0; client < clients; client += 1) {
    const own = reader.texts().filter((one) => one.startsWith(`${client} `))
    t.strictSame(own, Array.from({ length: each }, (_one, n) => `${client} ${n}`))
  }
})
