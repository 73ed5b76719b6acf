/** Server-sent events on the subscribe port: with Chromium's own EventSource, curl, the package eventsource, and behind nginx. */

import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { EventSource } from 'eventsource'
import { test, type Test } from 'tap'
import { createBroker } from '../../src/index.js'
import { exitOf, textOf } from '../support/cli.js'
import { embed } from './support/embedded.js'
import { eventually } from './support/eventually.js'
import { fixedPorts } from './support/fixed-port.js'
import { missing, startProxy } from './support/proxy-process.js'
import { chromiumFile, launchBrowser, noChromium } from './support/pusher-browser.js'

interface Heard {
  readonly type: string
  readonly id: string
  readonly data: string
}

/** Listens until the test ends. */
function listen(t: Test, url: string): { readonly heard: Heard[], readonly source: EventSource } {
  const source = new EventSource(url)
  t.teardown(() => source.close())
  const heard: Heard[] = []
  const hear = ({ type, lastEventId: id, data }: MessageEvent) => heard.push({ type, id, data: String(data) })
  for (const type of ['message', 'binary', 'gap']) source.addEventListener(type, hear)
  return { heard, source }
}

function isOpen(source: EventSource): boolean {
  return source.readyState === EventSource.OPEN
}

test('the package eventsource hears text, lines and bytes, each with its place', async (t) => {
  const { broker, subscribePort } = await embed(t)
  const { heard, source } = listen(t, `http://127.0.0.1:${subscribePort}/prices`)
  await eventually('open', () => isOpen(source))
  broker.publish('prices', 'one')
  broker.publish('prices', 'two\nlines\r\nand a third')
  broker.publish('prices', Buffer.from([0, 255]))
  await eventually('three events', () => heard.length === 3)
  t.strictSame(heard.map(({ data }) => data), ['one', 'two\nlines\nand a third', 'AP8='])
  t.strictSame(heard.map(({ type }) => type), ['message', 'message', 'binary'])
  const epoch = heard[0]?.id.split('-')[0] ?? ''
  t.match(epoch, /^[0-9A-Za-z]{8,32}$/)
  t.strictSame(heard.map(({ id }) => id), ['0', '1', '2'].map((offset) => `${epoch}-${offset}`))
})

test('curl -N prints the stream, and is told the end', async (t) => {
  const { broker, subscribePort } = await embed(t)
  const curl = spawn('curl', ['-sN', '-H', 'Accept: text/event-stream', `http://127.0.0.1:${subscribePort}/prices`])
  t.teardown(() => curl.kill())
  const [stdout, exit] = [textOf(curl.stdout), exitOf(curl)]
  await eventually('the stream', () => stdout().includes('retry: '))
  broker.publish('prices', 'hello')
  await eventually('the event', () => stdout().includes('data: hello\n\n'))
  t.match(stdout(), /^retry: [123]\d{3}\n\nid: [0-9A-Za-z]+-0\ndata: hello\n\n$/)
  await broker.close({ drainMs: 1000 })
  t.equal((await exit).code, 0, 'the last chunk came')
  t.match(stdout(), /\nretry: \d+\n\n: 1001 shutting down\n\n$/)
})

test('HTTP/1.0 hears the same until the end', async (t) => {
  const { broker, subscribePort } = await embed(t)
  const curl = spawn('curl', ['-sN', '-i', '--http1.0', `http://127.0.0.1:${subscribePort}/prices?sse=1`])
  t.teardown(() => curl.kill())
  const [stdout, exit] = [textOf(curl.stdout), exitOf(curl)]
  await eventually('the stream', () => stdout().includes('retry: '))
  broker.publish('prices', 'hello')
  await eventually('the event', () => stdout().includes('data: hello\n\n'))
  t.notMatch(stdout(), /chunked/i)
  await broker.close({ drainMs: 1000 })
  t.equal((await exit).code, 0)
})

test('HEAD says what a stream would be', async (t) => {
  const { subscribePort } = await embed(t)
  const answer = await fetch(`http://127.0.0.1:${subscribePort}/prices?sse=1`, { method: 'HEAD' })
  t.equal(answer.status, 200)
  t.equal(answer.headers.get('content-type'), 'text/event-stream')
  t.equal(answer.headers.get('cache-control'), 'no-store')
  t.equal(answer.headers.get('x-accel-buffering'), 'no')
})

test('behind nginx: unbuffered, with its heartbeats, by whom it was asked', { skip: missing('nginx') }, async (t) => {
  const { broker, publishPort, subscribePort } = await embed(t, { trustedProxies: ['127.0.0.1'], timeouts: { pingIntervalMs: 300 } })
  const protocols: string[] = []
  broker.on('connection', ({ protocol }) => protocols.push(protocol))
  const ports = { 8001: publishPort, 8002: subscribePort, 6001: 1, 50051: 1, 8000: 1 }
  const edit = (text: string) => text.replace(/^ *proxy_buffering .*$/m, '  proxy_read_timeout 1s;')  // what a configuration without a word of it does
  const [web = NaN] = await startProxy(t, 'nginx', { file: 'nginx.conf', ports, listens: [80, 50080], edit })
  const url = `http://127.0.0.1:${web}`
  const { heard, source } = listen(t, `${url}/subscribe/news`)
  const errors: unknown[] = []
  source.addEventListener('error', (error) => errors.push(error))
  await eventually('open', () => isOpen(source))
  const startedMs = performance.now()
  for (let n = 0; performance.now() - startedMs < 2500; n += 1) {
    await eventually('the events so far', () => heard.length === n)
    const answer = await fetch(`${url}/publish/news`, { method: 'POST', body: String(n), headers: { 'content-type': 'text/plain' } })
    t.equal(answer.status, 200)
  }
  t.equal(errors.length, 0, 'never cut')
  t.ok(protocols.includes('sse') && protocols.includes('http-publish'))
})

test('Chromium\'s own EventSource hears, and comes back by itself to the next broker', { skip: chromiumFile === null && noChromium }, async (t) => {
  const [port = NaN] = await fixedPorts(1)
  const hosts = ['127.0.0.1']
  const start = () => createBroker({ publish: null, subscribe: { hosts, port } })
  const site = createServer((_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>events</title>'))
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  const browser = await launchBrowser(t)
  t.teardown(() => {
    site.closeAllConnections()
    site.close()
  })
  const page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}`)
  const first = await start()
  t.teardown(() => first.stop())
  await page.evaluate(`window.heard = []; window.opened = 0
    window.source = new EventSource('http://127.0.0.1:${port}/news')
    source.onopen = () => { opened += 1 }
    source.onmessage = ({ data, lastEventId }) => heard.push({ data, id: lastEventId })
    source.addEventListener('binary', ({ data }) => heard.push({ data: atob(data).length }))`)
  const ask = async <T>(what: string): Promise<T> => await page.evaluate(what) as T
  await page.waitForFunction('opened === 1')
  first.publish('news', 'before\nthe end')
  first.publish('news', Buffer.from([1, 2, 3]))
  await page.waitForFunction('heard.length === 2')
  t.match(await ask('heard'), [{ data: 'before\nthe end', id: /^[0-9A-Za-z]+-0$/ }, { data: 3 }])
  await first.close({ drainMs: 500 })
  const second = await start()
  t.teardown(() => second.stop())
  await page.waitForFunction('opened === 2')
  second.publish('news', 'after')
  await page.waitForFunction('heard.length === 3')
  t.match(await ask('heard[2]'), { data: 'after', id: /-0$/ })
})

test('a page of another machine is refused, one that is listed can read it', async (t) => {
  const { broker, subscribePort } = await embed(t, { subscribe: { origins: ['https://shop.example'] } })
  const ask = (origin: string) => fetch(`http://127.0.0.1:${subscribePort}/prices?sse=1`, { headers: { origin } })
  const foreign = await ask('https://other.example')
  t.equal(foreign.status, 403)
  const listed = await ask('https://shop.example')
  t.equal(listed.headers.get('access-control-allow-origin'), 'https://shop.example')
  t.equal(listed.headers.get('vary'), 'Origin')
  t.equal(broker.stats()['subscriptions_now'], 1)
  await listed.body?.cancel()
})
