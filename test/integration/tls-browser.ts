/** A page over wss, in headless Chromium: which certificate it takes, and pusher-js's build for browsers. */

import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium } from 'playwright-core'
import { test, type Test } from 'tap'
import { chromiumFile, noChromium } from './support/pusher-browser.js'
import { embedTls } from './support/tls-broker.js'

const page = (url: string) => `new Promise((resolve) => {
  const socket = new WebSocket(${JSON.stringify(url)})
  socket.onmessage = ({ data }) => resolve(data)
  socket.onerror = () => resolve('refused')
})`

/** The port of a page that a browser calls its own: one without an origin is refused. */
async function serveEmptyPage(t: Test): Promise<number> {
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<!doctype html>'))
  t.teardown(() => server.close())
  await once(server.listen(0, 'localhost'), 'listening')
  return (server.address() as AddressInfo).port
}

test('Chromium takes a certificate of an issuer that it trusts, and no other', { skip: chromiumFile === null && noChromium }, async (t) => {
  const { broker, pair, portOf } = await embedTls(t, () => ({}), { retain: { topics: ['news'] } })
  // As an issuer among the system's: an exception for this one key, which the command line takes without a store of certificates.
  const own = new X509Certificate(readFileSync(pair.certFile))
  const pin = createHash('sha256').update(own.publicKey.export({ type: 'spki', format: 'der' })).digest('base64')
  const site = await serveEmptyPage(t)
  const url = `wss://localhost:${portOf('websocket-subscribe')}/news`
  const outcome = async (args: string[]) => {
    const browser = await chromium.launch({ executablePath: chromiumFile ?? '', args: ['--no-sandbox', ...args] })
    t.teardown(() => browser.close())
    const tab = await browser.newPage()
    await tab.goto(`http://localhost:${site}/`)
    const heard = tab.evaluate(page(url))
    const publishing = setInterval(() => broker.publish('news', 'hello'), 50)
    try {
      return await heard
    } finally {
      clearInterval(publishing)
    }
  }
  t.equal(await outcome([]), 'refused')
  t.equal(await outcome([`--ignore-certificate-errors-spki-list=${pin}`]), 'hello')
})
