/** examples/chat as its README starts it: the command with `--pusher`, the chat's server, and its page in headless Chromium. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { t, test } from 'tap'
import { packageRoot } from '../../src/package-info.js'
import { startBroker } from '../support/broker-process.js'
import { textOf } from '../support/cli.js'
import { patienceMs, soon } from './support/eventually.js'
import { chromiumFile, launchBrowser, noChromium } from './support/pusher-browser.js'

interface Test {
  teardown(task: () => unknown): void
}

interface App {
  readonly id: string
  readonly port: number
  readonly key: string
  readonly secret: string
}

const serverFile = join(packageRoot, 'examples', 'chat', 'server.mjs')
const app = { id: '7', key: 'chat-key', secret: 'chat-secret', clientEvents: true }

let browser: Browser

/** Starts the chat's server. @returns where its page is. */
async function startServer(t: Test, { id, port, key, secret }: App): Promise<string> {
  const settings = { PORT: '0', PUSHER_PORT: String(port), PUSHER_APP_ID: id, PUSHER_APP_KEY: key, PUSHER_APP_SECRET: secret }
  const child = spawn(process.execPath, [serverFile], { env: { ...process.env, ...settings }, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const said = textOf(child.stdout)
  await soon('the chat\'s server', once(child.stdout, 'data'))
  return said().trim()
}

/** A tab that has joined under this name. */
async function enter(url: string, name: string): Promise<Page> {
  const page = await browser.newPage()
  page.setDefaultTimeout(patienceMs)
  await page.goto(url)
  await page.getByLabel('Your name').fill(name)
  await page.getByRole('button', { name: 'Join' }).click()
  await page.getByText(`${name} (you)`).waitFor()
  return page
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}

/** Who and what of each message, when there are so many. */
async function messages(page: Page, count: number): Promise<string[]> {
  await page.locator('#messages li').nth(count - 1).waitFor()
  const texts = await page.locator('#messages :is(b, span)').allTextContents()
  return Array.from({ length: texts.length / 2 }, (_, at) => `${texts[2 * at]}: ${texts[2 * at + 1]}`)
}

/** Names of who is here, when there are so many. */
async function members(page: Page, count: number): Promise<string[]> {
  await page.waitForFunction(`document.querySelectorAll('#members li').length === ${count}`)
  return page.locator('#members li').allTextContents()
}

function testAll(): void {
  t.before(async () => {
    browser = await launchBrowser(t)
  })

  test('two users, with the app that --pusher makes up', async (t) => {
    const { pusherPort: port, logged } = await startBroker(t, { args: ['--pusher'] })
    const { appId: id, key, secret } = await logged(({ event }) => event === 'pusher-app') as unknown as App & { appId: string }
    const url = await startServer(t, { id, port, key, secret })
    const anna = await enter(url, 'Anna')
    const bert = await enter(url, 'Bert <b>')
    t.strictSame(await members(anna, 2), ['Anna (you)', 'Bert <b>'])
    t.strictSame(await members(bert, 2), ['Anna', 'Bert <b> (you)'])
    await say(anna, 'Grüße 👋')
    t.strictSame(await messages(bert, 1), ['Anna: Grüße 👋'])
    await say(bert, '<img src=x onerror=alert(1)>')
    const both = ['Anna: Grüße 👋', 'Bert <b>: <img src=x onerror=alert(1)>']
    t.strictSame([await messages(anna, 2), await messages(bert, 2)], [both, both], 'one order for both, and only text')
    t.equal(await anna.locator('#messages img').count(), 0)
    t.equal(await anna.locator('#messages .mine').count(), 1)
    await bert.close()
    t.strictSame(await members(anna, 1), ['Anna (you)'])
  })

  test('typing is told by client events where the app permits them', async (t) => {
    const { pusherPort: port } = await startBroker(t, { args: ['--set', `pusher.apps=${JSON.stringify([app])}`] })
    const url = await startServer(t, { port, ...app })
    const [anna, bert] = [await enter(url, 'Anna'), await enter(url, 'Bert')]
    await members(anna, 2)
    await bert.getByLabel('Message').pressSequentially('h')
    await anna.getByText('Bert is typing …').waitFor()
    await say(bert, 'hello')
    t.strictSame(await messages(anna, 1), ['Bert: hello'])
    t.equal(await anna.locator('#typing').textContent(), '')
    await bert.getByLabel('Message').pressSequentially('a')
    await anna.getByText('Bert is typing …').waitFor()
    t.equal(await anna.locator('#state').textContent(), 'connected')
  })

  test('nobody gets in without a token, or into another channel', async (t) => {
    const url = await startServer(t, { port: 1, ...app })
    const ask = async (path: string, body: string, token = '') => {
      const response = await fetch(url + path, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body })
      return response.status
    }
    const { token } = await (await fetch(`${url}/login`, { method: 'POST', body: '{"name":"Anna"}' })).json() as { token: string }
    const form = (channel: string) => `socket_id=1.1&channel_name=${channel}`
    t.equal(await ask('/auth', form('presence-chat'), token), 200)
    t.equal(await ask('/auth', form('private-other'), token), 403)
    t.equal(await ask('/auth', 'socket_id=x&channel_name=presence-chat', token), 400)
    for (const forged of ['', 'a.b', `x${token}`, `${token}x`, token.slice(0, -1), token.replace(/\..*/, '.')]) {
      t.equal(await ask('/auth', form('presence-chat'), forged), 401, forged)
      t.equal(await ask('/messages', '{"text":"x"}', forged), 401, forged)
    }
    const nameless = ['', 'null', '{}', '{"name":5}', '{"name":" "}', JSON.stringify({ name: 'x'.repeat(41) })]
    for (const body of nameless) t.equal(await ask('/login', body), 400, body)
    t.equal(await ask('/login', 'x'.repeat(9000)), 413)
    t.equal(await ask('/nothing', ''), 404)
    t.equal((await fetch(`${url}/server.mjs`)).status, 404)
  })
}

if (chromiumFile === null) t.plan(0, noChromium)
else testAll()
