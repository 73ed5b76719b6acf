/** The core of the protocol with pusher-js's build for browsers, in headless Chromium. */

import type { Browser } from 'playwright-core'
import { t, test } from 'tap'
import { embedPusher, shop, type PusherBroker, type PusherSetting } from './support/pusher-broker.js'
import { BrowserClient, chromiumFile, harnessPages, launchBrowser, noChromium } from './support/pusher-browser.js'
import { startProxy } from './support/pusher-proxy.js'
import { answers, subscriptionsOf, usersOf } from './support/pusher-queries.js'
import { serveSite } from './support/pusher-site.js'

interface Test {
  teardown(task: () => unknown): void
}

interface Setting extends PusherBroker {
  readonly site: string
  /** A connected tab of this user. */
  tab(user: string): Promise<BrowserClient>
}

let browser: Browser

async function start(test: Test, setting: PusherSetting = {}): Promise<Setting> {
  const place = await embedPusher(test, setting)
  const { url: site } = await serveSite(test, place.sdk, harnessPages)
  return { ...place, site, tab: (user) => BrowserClient.connect(browser, { ...place, site, user }) }
}

function testAll(): void {
  t.before(async () => {
    browser = await launchBrowser(t)
  })

  test('public channels, exclusion, unsubscribe', async (t) => {
    const { sdk, tab } = await start(t)
    const [anna, bert] = [await tab('anna'), await tab('bert')]
    for (const client of [anna, bert]) await client.join('news')
    const socketId = String(await anna.run('pusher.connection.socket_id'))
    await sdk.trigger('news', 'first', {}, { socket_id: socketId })
    const data = { text: 'Grüße 👋\u2028', list: [1, null] }
    await sdk.trigger('news', 'second', data)
    t.strictSame([await anna.nth('news', 'second'), await bert.nth('news', 'second')], [data, data])
    t.strictSame(await anna.names('news'), ['pusher:subscription_succeeded', 'second'])
    t.strictSame(await bert.names('news'), ['pusher:subscription_succeeded', 'first', 'second'])
    await anna.run('pusher.unsubscribe("news")')
    await answers(() => subscriptionsOf(sdk, 'news'), 1)
  })

  test('private, encrypted and cache channels through the site\'s endpoint', async (t) => {
    const { sdk, tab } = await start(t)
    await sdk.trigger('private-cache-room', 'last', { n: 1 })
    const anna = await tab('anna')
    for (const room of ['private-room', 'private-encrypted-room', 'private-cache-room', 'cache-room']) await anna.join(room)
    t.strictSame(await anna.nth('private-cache-room', 'last'), { n: 1 })
    await anna.nth('cache-room', 'pusher:cache_miss')
    for (const room of ['private-room', 'private-encrypted-room']) {
      await sdk.trigger(room, 'n', { room })
      t.strictSame(await anna.nth(room, 'n'), { room })
    }
  })

  test('presence and client events; a closed tab is gone', async (t) => {
    const { sdk, tab } = await start(t)
    const [anna, bert] = [await tab('anna'), await tab('bert')]
    t.match(await anna.join('presence-room'), { count: 1, me: { id: 'anna', info: { name: 'anna' } } })
    t.match(await bert.join('presence-room'), { count: 2, members: { anna: { name: 'anna' }, bert: { name: 'bert' } } })
    t.match(await anna.nth('presence-room', 'pusher:member_added'), { id: 'bert' })
    await bert.run('pusher.channel("presence-room").trigger("client-typing", { text: "ä" })')
    t.strictSame(await anna.nth('presence-room', 'client-typing'), { text: 'ä' })
    await bert.run('pusher.send_event("client-typing", {}, "news")')
    t.match(await bert.nth('connection', 'error'), { data: { code: 4301 } })
    await bert.page.close()
    t.match(await anna.nth('presence-room', 'pusher:member_removed'), { id: 'bert' })
    t.strictSame(await usersOf(sdk, 'presence-room'), ['anna'])
  })

  test('sign-in, events for a user, the end of a user\'s connections', async (t) => {
    const { sdk, tab } = await start(t)
    const anna = await tab('anna')
    await anna.run('pusher.signin()')
    await answers(() => anna.run('Boolean(pusher.user.serverToUserChannel?.subscribed)'), true)
    await sdk.sendToUser('anna', 'hello', { n: 1 })
    t.strictSame(await anna.nth('user', 'hello'), { n: 1 })
    await sdk.terminateUserConnections('anna')
    await anna.nth('connection', 'disconnected')
    t.match(await anna.nth('connection', 'error'), { data: { code: 4009 } })
  })

  test('pages of other sites are refused', async (t) => {
    const bank = { id: 'bank', key: 'bank-key', secret: 'bank-secret', origins: ['http://bank.example'] }
    const setting = await start(t, { apps: [shop, bank] })
    const stranger = await BrowserClient.open(browser, { ...setting, key: bank.key, user: 'anna' })
    t.match(await stranger.nth('connection', 'error'), { error: { data: { code: 4009 } } })
    await stranger.nth('connection', 'disconnected')
  })

  test('after a drain with 4200 the page is back at once, on another broker', async (t) => {
    const [first, second] = [await start(t, { pusher: { drainCode: 4200 } }), await embedPusher(t)]
    const proxy = await startProxy(t, first.port)
    const anna = await BrowserClient.connect(browser, { ...first, port: proxy.port, user: 'anna' })
    await anna.join('presence-room')
    proxy.leadTo(second.port)
    await first.broker.close({ drainMs: 500 })
    await anna.nth('connection', 'connected', 2)
    t.match(await anna.nth('connection', 'error'), { data: { code: 4200 } })
    await anna.nth('presence-room', 'pusher:subscription_succeeded', 2)
    t.strictSame(await usersOf(second.sdk, 'presence-room'), ['anna'])
  })
}

if (chromiumFile === null) t.plan(0, noChromium)
else testAll()
