/** `@tutti/broker/client` in headless Chromium, as examples/live has it: its page and server, and a server of the envelope that goes away and comes back. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'tap'
import { packageRoot } from '../../src/package-info.js'
import { EnvelopeServer } from '../support/client/envelope-server.js'
import { exitOf } from '../support/cli.js'
import { patienceMs } from './support/eventually.js'
import { chromiumFile, launchBrowser, noChromium } from './support/pusher-browser.js'

interface Test {
  teardown(task: () => unknown): void
}

/** `POST /topics/…` of the HTTP API, for this server. @returns its URL. */
async function serveApi(t: Test, broker: EnvelopeServer): Promise<string> {
  const api = createServer(async (request, response) => {
    broker.publish(decodeURIComponent(request.url?.replace('/topics/', '') ?? ''), await text(request))
    response.end('{}')
  }).listen(0, '127.0.0.1')
  await once(api, 'listening')
  t.teardown(() => api.closeAllConnections() ?? api.close())
  return `http://127.0.0.1:${(api.address() as AddressInfo).port}`
}

/** The example's own server. @returns its URL. */
async function serveExample(t: Test, env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn(process.execPath, [join(packageRoot, 'examples/live/server.mjs')], { env: { ...process.env, ...env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = exitOf(child)
  t.teardown(() => {
    child.kill()
    return exit
  })
  const [line] = await once(child.stdout, 'data') as [Buffer]
  return line.toString().trim()
}

test('a page that misses nothing', { skip: chromiumFile === null ? noChromium : false }, async (t) => {
  const broker = await EnvelopeServer.start(t)
  broker.keeps = 3
  broker.publish('chat/lobby', '{"name":"Ada","text":"before"}')
  const url = await serveExample(t, { SUBSCRIBE_URL: broker.url, API_URL: await serveApi(t, broker) })
  const page = await (await launchBrowser(t)).newPage()
  const lines = () => page.evaluate("[...document.querySelectorAll('#messages li')].map((line) => line.textContent)")
  const has = (count: number) => page.waitForFunction(`document.querySelectorAll('#messages li').length >= ${count}`, undefined, { timeout: patienceMs })
  const isLive = () => page.waitForFunction("document.getElementById('state').textContent === 'live'", undefined, { timeout: patienceMs })
  await page.goto(url)
  await has(1)
  await isLive()

  await page.fill('[name=name]', 'Grace')
  await page.fill('[name=text]', '<b>hello</b>')
  await page.click('button')
  await has(2)
  broker.cut()
  for (const said of ['1', '2']) broker.publish('chat/lobby', `{"name":"Ada","text":"${said}"}`)
  await has(4)
  t.strictSame(await lines(), ['Adabefore', 'Grace<b>hello</b>', 'Ada1', 'Ada2'])

  await isLive()
  broker.cut(1001)
  for (const said of ['3', '4', '5', '6', '7']) broker.publish('chat/lobby', `{"name":"Ada","text":"${said}"}`)
  await has(8)
  t.strictSame(((await lines()) as string[]).slice(4), ['2 messages are missing here.', 'Ada5', 'Ada6', 'Ada7'])

  await isLive()
  broker.cut()
  broker.forget() // as a broker that was started anew without its history
  broker.publish('chat/lobby', '{"name":"Ada","text":"anew"}')
  await has(10)
  t.strictSame(((await lines()) as string[]).slice(8), ['Some messages are missing here.', 'Adaanew'])
  t.match(broker.targets.slice(0, 2), ['envelope=1&topic=chat/lobby&last=50', 'envelope=1&topic=chat/lobby&since=epoch0-1'])
})
