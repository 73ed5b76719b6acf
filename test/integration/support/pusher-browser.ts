/** pusher-js's build for browsers in headless Chromium, on a page of the app's own site. */

import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium, type Browser, type Page } from 'playwright-core'
import { patienceMs } from './eventually.js'
import type { Page as SitePage } from './pusher-site.js'

interface Test {
  teardown(task: () => unknown): void
}

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
export const chromiumFile = places.find((file) => existsSync(file)) ?? null
/** Why a test that needs a browser is skipped. */
export const noChromium = `no Chromium at ${places.join(', ')}: install one (Debian: chromium) to run it`

export async function launchBrowser(t: Test): Promise<Browser> {
  if (chromiumFile === null) throw new Error(noChromium)
  // Its sandbox does not work for root, and whoever runs tests in a container is root.
  const browser = await chromium.launch({ executablePath: chromiumFile, args: ['--no-sandbox'] })
  t.teardown(() => browser.close())
  return browser
}

/** Keeps everything that pusher-js tells. */
const harness = `<!doctype html><meta charset="utf-8"><title>pusher-js</title><script src="/pusher.js"></script><script>
const heard = []
const hear = (name, source) => source.bind_global((event, data) => heard.push({ name, event, data }))
let pusher
function start(key, options) {
  pusher = new Pusher(key, options)
  hear('connection', pusher.connection)
  hear('user', pusher.user)
  hear('watchlist', pusher.user.watchlist)
}
function join(name) { hear(name, pusher.subscribe(name)) }
function found(name, event) { return heard.filter((each) => each.name === name && each.event === event) }
</script>`

const script = createRequire(import.meta.url).resolve('pusher-js/dist/web/pusher-with-encryption.min.js')

/** What a site needs for BrowserClient.open. */
export const harnessPages: Readonly<Record<string, SitePage>> = {
  '/': { html: harness }, '/pusher.js': { file: script, type: 'text/javascript' },
}

export interface BrowserPlace {
  readonly port: number
  readonly key: string
  /** `http://127.0.0.1:PORT` of a site with harnessPages. */
  readonly site: string
  readonly user: string
}

/** One tab. */
export class BrowserClient {
  readonly page: Page

  private constructor(page: Page) {
    this.page = page
  }

  /** Opens a page and begins to connect. */
  static async open(browser: Browser, { port, key, site, user }: BrowserPlace): Promise<BrowserClient> {
    const page = await browser.newPage()
    await page.goto(site)
    const auth = (path: string) => ({ endpoint: path, transport: 'ajax', params: { user } })
    const options = {
      cluster: 'self', wsHost: '127.0.0.1', wsPort: port, forceTLS: false, enabledTransports: ['ws'],
      channelAuthorization: auth('/auth'), userAuthentication: auth('/user-auth'),
    }
    await page.evaluate(`start(${JSON.stringify(key)}, ${JSON.stringify(options)})`)
    return new BrowserClient(page)
  }

  /** As open; resolves when it is connected. */
  static async connect(browser: Browser, place: BrowserPlace): Promise<BrowserClient> {
    const client = await BrowserClient.open(browser, place)
    await client.nth('connection', 'connected')
    return client
  }

  /** Subscribes; resolves when the subscription is made. @returns its data. */
  async join(channel: string): Promise<unknown> {
    await this.run(`join(${JSON.stringify(channel)})`)
    return this.nth(channel, 'pusher:subscription_succeeded')
  }

  /** The data of the `nth` event of a channel, of `connection`, `user` or `watchlist`. */
  async nth(name: string, event: string, nth = 1): Promise<unknown> {
    const found = `found(${JSON.stringify(name)}, ${JSON.stringify(event)})`
    await this.page.waitForFunction(`${found}.length >= ${nth}`, undefined, { timeout: patienceMs })
    return this.run(`${found}[${nth - 1}].data`)
  }

  /** Names of all events of a channel so far. */
  async names(name: string): Promise<string[]> {
    return await this.run(`heard.filter((each) => each.name === ${JSON.stringify(name)}).map(({ event }) => event)`) as string[]
  }

  /** Evaluates an expression in the page, where `pusher` is the client. */
  run(expression: string): Promise<unknown> {
    return this.page.evaluate(expression)
  }
}
