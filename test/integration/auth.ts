/** Who may do what, on a real broker: ways in, ends, reloads under traffic, and servers that are asked and do not answer as they should. */

import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { credentials } from '@grpc/grpc-js'
import { test } from 'tap'
import { WebSocket } from 'ws'
import { keyPair, type Pair } from '../support/auth/keys.js'
import { token as sign } from '../support/auth/sign.js'
import { json, TestServer } from '../support/auth/server.js'
import { TestIssuer } from '../support/tls/certificates.js'
import { closed, embedAuth, open, post } from './support/auth.js'
import { eventually } from './support/eventually.js'
import { GrpcClient, withTopic } from './support/grpc-client.js'
import { messageService, v1Service } from './support/grpc-services.js'

const secret = 'a-secret-of-at-least-32-characters'
const key = Buffer.from(secret)
const jwt = { keys: [{ alg: 'HS256' as const, secret }] }
const feed = { name: 'feed', secret: 'the-token-of-the-feed', publish: ['prices/*'], subscribe: ['prices/*'] }

function jwtFor(claims: Readonly<Record<string, unknown>>, expiresInMs = 600_000): string {
  return sign('HS256', key, { alg: 'HS256' }, { exp: (Date.now() + expiresInMs) / 1000, ...claims })
}

function jwkOf({ publicKey }: Pair, kid: string) {
  return { ...publicKey.export({ format: 'jwk' }), alg: 'ES256', kid }
}

function authorization(bearer: string, topic?: string) {
  const metadata = withTopic(topic)
  metadata.set('authorization', `Bearer ${bearer}`)
  return metadata
}

test('where a credential stands, and what is answered', async (t) => {
  const { subscribeUrl } = await embedAuth(t, { tokens: [feed], anonymous: { subscribe: ['public/**'] } })
  const inBase64 = `bearer.${Buffer.from(feed.secret).toString('base64url')}`
  t.equal((await open(t, `${subscribeUrl}/prices/eur`, { token: feed.secret })).status, 101)
  t.match(await open(t, `${subscribeUrl}/prices/eur`, { protocols: ['bearer', inBase64] }), { status: 101, protocol: 'bearer' })
  t.equal((await open(t, `${subscribeUrl}/prices/eur?token=${feed.secret}`)).status, 101)
  t.equal((await open(t, `${subscribeUrl}/?topic=prices/eur&token=${feed.secret}&topic=prices/usd`)).status, 101)
  t.equal((await open(t, `${subscribeUrl}/public/a`)).status, 101)
  t.match(await open(t, `${subscribeUrl}/prices/eur`), { status: 401, challenge: 'Bearer realm="broker"' })
  t.match(await open(t, `${subscribeUrl}/prices/eur`, { token: 'another-token-of-nobody' }), { status: 401, challenge: /invalid_token/ })
  t.match(await open(t, `${subscribeUrl}/secrets/eur`, { token: feed.secret }), { status: 403, challenge: /insufficient_scope/ })
  t.equal((await open(t, `${subscribeUrl}/?topic=prices/eur&topic=secrets/eur`, { token: feed.secret })).status, 403, 'one of several')
})

test('without a word about anybody this machine may do everything, but not a page of another or whoever was handed on', async (t) => {
  const { subscribeUrl, apiPort } = await embedAuth(t, { tokens: [feed] })
  t.equal((await open(t, `${subscribeUrl}/a`)).status, 101)
  t.equal((await open(t, `${subscribeUrl}/a`, { headers: { origin: 'http://localhost:3000' } })).status, 101)
  t.equal((await open(t, `${subscribeUrl}/a`, { headers: { origin: 'https://evil.example' } })).status, 401)
  t.equal((await open(t, `${subscribeUrl}/a`, { headers: { host: 'evil.example' } })).status, 401)
  t.equal((await open(t, `${subscribeUrl}/a`, { headers: { 'x-forwarded-for': '127.0.0.1' } })).status, 401)
  t.equal((await open(t, `${subscribeUrl}/prices/eur`, { token: feed.secret, headers: { origin: 'https://shop.example' } })).status, 101, 'a page that brings a token')
  t.equal(await post(apiPort, 'a', null), 200)
  t.equal((await fetch(`http://127.0.0.1:${apiPort}/topics`, { headers: { origin: 'https://evil.example' } })).status, 401)
})

test('origins', async (t) => {
  const { subscribeUrl } = await embedAuth(t, { tokens: [feed], origins: ['https://shop.example'] })
  const from = (origin: string) => open(t, `${subscribeUrl}/prices/eur`, { token: feed.secret, headers: { origin } })
  t.equal((await from('https://shop.example')).status, 101)
  t.equal((await from('https://evil.example')).status, 403)
})

test('narrowed listeners', async (t) => {
  const { publishUrl, subscribeUrl } = await embedAuth(t, { tokens: [feed], jwt, anonymous: {} }, { publish: { auth: ['jwt'] } })
  t.equal((await open(t, `${publishUrl}/prices/eur`, { token: feed.secret })).status, 401)
  t.equal((await open(t, `${publishUrl}/prices/eur`, { token: jwtFor({ topics: { publish: ['prices/*'] } }) })).status, 101)
  t.equal((await open(t, `${subscribeUrl}/prices/eur`, { token: feed.secret })).status, 101)
})

test('gRPC, both services: each call by its credential, each message by its topic', async (t) => {
  const { grpcPort } = await embedAuth(t, { tokens: [feed], anonymous: {} })
  const client = new GrpcClient(t, grpcPort)
  const publishOne = (bearer: string | null, topic: string) => {
    const metadata = bearer === null ? withTopic() : authorization(bearer)
    return client.unary(v1Service, 'PublishOne', { author: 1, data: 'x', topic }, metadata).then(() => 0, (error: { code: number }) => error.code)
  }
  t.equal(await publishOne(feed.secret, 'prices/eur'), 0)
  t.equal(await publishOne(feed.secret, 'secrets/eur'), 7)
  t.equal(await publishOne('another-token-of-nobody', 'prices/eur'), 16)
  t.equal(await publishOne(null, 'prices/eur'), 16)
  const call = client.stream<object>(messageService, 'Subscribe', { subscriber: 's' }, authorization(feed.secret, 'prices/eur'))
  const data = new Promise((resolve) => call.once('data', resolve))
  await new Promise((resolve) => call.once('metadata', resolve))
  t.equal(await publishOne(feed.secret, 'prices/eur'), 0)
  t.match(await data, { data: 'x' })
  const refused = client.stream(messageService, 'Subscribe', { subscriber: 's' }, authorization(feed.secret, 'secrets/eur'))
  const status = await new Promise<{ code: number }>((resolve) => refused.once('status', resolve))
  t.equal(status.code, 7)
})

test('the HTTP API: its own token, listed tokens, and rights of JWTs', async (t) => {
  const token = 'the-token-of-the-api-itself'
  const { apiPort } = await embedAuth(t, { jwt, tokens: [{ ...feed, api: true }], anonymous: {} }, { api: { port: 0, hosts: ['127.0.0.1'], token } })
  t.equal(await post(apiPort, 'anything', token), 200)
  t.equal(await post(apiPort, 'prices/eur', feed.secret), 200)
  t.equal(await post(apiPort, 'secrets/eur', feed.secret), 403)
  t.equal(await post(apiPort, 'prices/eur', null), 401)
  const reader = jwtFor({ api: ['read'], topics: { publish: ['**'] } })
  const get = async (bearer: string) => (await fetch(`http://127.0.0.1:${apiPort}/topics`, { headers: { authorization: `Bearer ${bearer}` } })).status
  t.equal(await get(reader), 200)
  t.equal(await post(apiPort, 'a', reader), 403)
  t.equal(await get(jwtFor({ api: ['publish'] })), 403)
  t.equal((await fetch(`http://127.0.0.1:${apiPort}/ready`)).status, 200, 'health is everybody\'s')
})

test('a connection ends with its token, within a second, and so do the calls of gRPC', async (t) => {
  const { subscribeUrl, grpcPort, broker } = await embedAuth(t, { jwt, anonymous: {} })
  const bearer = jwtFor({ topics: { subscribe: ['a'] }, exp: Date.now() / 1000 + 2 })
  const { socket } = await open(t, `${subscribeUrl}/a`, { token: bearer })
  const call = new GrpcClient(t, grpcPort).stream(messageService, 'Subscribe', { subscriber: 's' }, authorization(bearer, 'a'))
  const status = new Promise<{ code: number, details: string }>((resolve) => call.once('status', resolve))
  const exp = (JSON.parse(Buffer.from(bearer.split('.')[1] ?? '', 'base64url').toString()) as { exp: number }).exp * 1000
  t.strictSame(await closed(socket), [1008, 'token expired'])
  const late = Date.now() - exp
  t.ok(late > -100 && late < 1000, `${late} ms after its end`)
  t.match(await status, { code: 16, details: 'token expired' })
  t.ok((broker.stats()['auth_ended'] ?? 0) >= 2)
})

test('a reload under traffic ends who stood on what is gone, and nobody else', async (t) => {
  const other = { ...feed, name: 'other', secret: 'the-token-of-the-other' }
  const auth = { tokens: [feed, other], anonymous: {} }
  const { subscribeUrl, publishUrl, reload, broker } = await embedAuth(t, auth, { timeouts: { drainMs: 1000 } })
  const falls = await Promise.all(Array.from({ length: 50 }, () => open(t, `${subscribeUrl}/prices/eur`, { token: feed.secret })))
  const stays = await Promise.all(Array.from({ length: 50 }, () => open(t, `${subscribeUrl}/prices/eur`, { token: other.secret })))
  const { socket: publisher } = await open(t, `${publishUrl}/prices/eur`, { token: other.secret })
  const heard = stays.map(({ socket }) => {
    const texts: string[] = []
    socket.on('message', (data: Buffer) => texts.push(data.toString()))
    return texts
  })
  let sent = 0
  const traffic = setInterval(() => publisher.send(String(sent++)), 2)
  t.teardown(() => clearInterval(traffic))
  const ends = falls.map(({ socket }) => closed(socket))
  await reload({ auth: { ...auth, tokens: [other] } })
  for (const end of await Promise.all(ends)) t.strictSame(end, [1008, 'token expired'])
  t.equal((await open(t, `${subscribeUrl}/prices/eur`, { token: feed.secret })).status, 401)
  clearInterval(traffic)
  const expected = Array.from({ length: sent }, (_, at) => String(at))
  await eventually('every publication at everybody who stays', () => heard.every((texts) => texts.length === sent))
  t.ok(heard.every((texts) => texts.join() === expected.join()), 'in order, nothing lost')
  t.ok(stays.every(({ socket }) => socket.readyState === WebSocket.OPEN))
  await eventually('nobody but them', () => broker.stats()['connections_now'] === 51)
})

test('1000 connections with one JWT, of a key set that is read once: it is verified once', async (t) => {
  const server = await TestServer.start(t)
  const pair = keyPair('ES256')
  server.respond = json({ keys: [jwkOf(pair, '1')] })
  const verify = t.capture(crypto.subtle, 'verify', crypto.subtle.verify.bind(crypto.subtle) as never)
  const { subscribeUrl, broker } = await embedAuth(t, { jwt: { jwksUrl: server.url('/keys').href }, anonymous: {} })
  const bearer = sign('ES256', pair.privateKey, { alg: 'ES256', kid: '1' }, { exp: Date.now() / 1000 + 600, topics: { subscribe: ['a'] } })
  const opened = await Promise.all(Array.from({ length: 1000 }, () => open(t, `${subscribeUrl}/a`, { token: bearer })))
  t.ok(opened.every(({ status }) => status === 101))
  t.equal(broker.stats()['auth_questions'], 1000)
  t.equal(verify().length, 1)
  t.equal(server.requests.length, 1)
})

test('keys that rotate: a token of a new key is let in, one of a key that is gone ends', async (t) => {
  const file = join(t.testdir({}), 'keys.json')
  const keep = (pair: Pair, kid: string) => writeFileSync(file, JSON.stringify({ keys: [jwkOf(pair, kid)] }))
  const [first, second] = [keyPair('ES256'), keyPair('ES256')]
  keep(first, '1')
  const options = { auth: { jwt: { jwksFile: file }, anonymous: {} }, timeouts: { drainMs: 200 } }
  const { subscribeUrl, reload } = await embedAuth(t, options.auth, options)
  const claims = { exp: Date.now() / 1000 + 600, topics: { subscribe: ['a'] } }
  const old = await open(t, `${subscribeUrl}/a`, { token: sign('ES256', first.privateKey, { alg: 'ES256', kid: '1' }, claims) })
  t.equal(old.status, 101)
  const end = closed(old.socket)
  keep(second, '2')
  await reload(options)
  t.strictSame(await end, [1008, 'token expired'])
  t.equal((await open(t, `${subscribeUrl}/a`, { token: sign('ES256', second.privateKey, { alg: 'ES256', kid: '2' }, claims) })).status, 101)
})

test('the webhook: yes for what was asked, no, slow, down, lying', async (t) => {
  const server = await TestServer.start(t)
  const webhook = { url: server.url().href, timeoutMs: 200, cacheMs: 0, headers: ['cookie'] }
  const { subscribeUrl, warnings } = await embedAuth(t, { webhook, anonymous: {} })
  const ask = (name: string) => open(t, `${subscribeUrl}/${name}`, { headers: { cookie: 'c=1' } })
  server.respond = json({ allow: true })
  t.equal((await ask('a')).status, 101)
  t.match(JSON.parse(server.requests[0]?.body ?? ''), {
    protocol: 'websocket-subscribe', listener: 'subscribe', peer: '127.0.0.1', topics: ['a'], action: 'subscribe', headers: { cookie: 'c=1' },
  })
  server.respond = json({ allow: true, subscribe: ['b'] })
  t.equal((await ask('c')).status, 403, 'it grants something else')
  server.respond = json({ allow: false })
  t.equal((await ask('d')).status, 401)
  const failures: readonly (readonly [string, TestServer['respond']])[] = [
    ['slow', () => {}], ['status 500', json({ allow: true }, 500)], ['no JSON', (response) => response.end('yes')],
    ['no yes', json({ allow: 'true' })], ['a bad pattern', json({ allow: true, subscribe: ['**/x'] })],
  ]
  for (const [name, respond] of failures) {
    server.respond = respond
    t.equal((await ask('e')).status, 503, name)
  }
  const before = server.requests.length
  t.equal((await ask('f')).status, 503)
  t.equal(server.requests.length, before, 'after five failures it is not asked at once again')
  t.match(warnings.join('\n'), /the webhook http:\/\/127\.0\.0\.1:\d+\/ has failed repeatedly/)
  server.stop()
})

test('while the event loop is held, only those wait who come', async (t) => {
  const { subscribeUrl, publishUrl, subscribePort } = await embedAuth(t, { tokens: [feed], anonymous: {} })
  const { socket: publisher } = await open(t, `${publishUrl}/prices/eur`, { token: feed.secret })
  const script = `
    const { WebSocket } = require('ws'), headers = { authorization: 'Bearer ${feed.secret}' }
    const ear = new WebSocket('${subscribeUrl}/prices/eur', { headers })
    ear.on('message', (data) => console.log('heard ' + data))
    ear.on('open', () => console.log('open'))
    process.stdin.once('data', () => {
      const mouth = new WebSocket('${publishUrl}/prices/eur', { headers })
      setTimeout(() => console.log('mouth ' + mouth.readyState), 200)
    })`
  t.ok(subscribePort > 0)
  const { spawn } = await import('node:child_process')
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  await eventually('the ear is open', () => out.includes('open'))
  const sent = new Promise((resolve) => publisher.send('now', resolve))
  await sent
  await eventually('it hears', () => out.includes('heard now'))
  child.stdin.write('go\n')
  publisher.send('while held')
  const until = performance.now() + 600
  while (performance.now() < until); // nothing of this process turns but the engine
  await eventually('what it saw meanwhile', () => /mouth 0/.test(out) && /heard while held/.test(out))
})

test('a certificate is a credential, on every protocol', async (t) => {
  const issuer = new TestIssuer(t.testdir({}))
  const pairOf = (commonName: string, names: readonly string[] = []) => {
    const { certFile, keyFile } = issuer.issue(commonName, { commonName, names })
    return { cert: readFileSync(certFile), key: readFileSync(keyFile), ca: readFileSync(issuer.caFile) }
  }
  const [desk, other] = [pairOf('desk', ['URI:spiffe://example/desk']), pairOf('other')]
  const certificates = [{ subject: 'spiffe://example/desk', publish: ['prices/*'], subscribe: ['prices/*'], api: true }]
  const tls = { ...issuer.issueLocal('server'), clientCert: 'request' as const, clientCaFile: issuer.caFile }
  const { broker, publishPort, subscribePort, grpcPort } = await embedAuth(t, { certificates, anonymous: {} }, { tls })
  const statusOf = async (port: number, topic: string, options: object) => (await open(t, `wss://127.0.0.1:${port}/${topic}`, { options })).status
  for (const port of [publishPort, subscribePort]) {
    t.equal(await statusOf(port, 'prices/eur', desk), 101)
    t.equal(await statusOf(port, 'secrets/eur', desk), 403)
    t.equal(await statusOf(port, 'prices/eur', other), 401)
    t.equal(await statusOf(port, 'prices/eur', { ca: desk.ca }), 401)
  }
  const posted = (options: object) => new Promise<number | undefined>((resolve, reject) => {
    const headers = { 'content-type': 'text/plain' }
    const asked = request({ host: '127.0.0.1', port: broker.api[0]?.port, method: 'POST', path: '/topics/prices%2Feur', headers, agent: false, ...options }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    asked.on('error', reject).end('x')
  })
  t.equal(await posted(desk), 200)
  t.equal(await posted(other), 401)
  const published = (pair: typeof desk) => {
    const client = new GrpcClient(t, grpcPort, {}, credentials.createSsl(pair.ca, pair.key, pair.cert))
    return client.unary(v1Service, 'PublishOne', { author: 1, data: 'x', topic: 'prices/eur' })
  }
  await published(desk)
  await t.rejects(published(other), { code: 16 })
})
