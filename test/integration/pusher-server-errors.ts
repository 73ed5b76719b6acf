/** What the SDK is told when a request of it is refused: 400, 401, 403, 413, 429; and requests signed by other hands. */

import { createHash, createHmac } from 'node:crypto'
import { test } from 'tap'
import { embedPusher, sdkFor, shop } from './support/pusher-broker.js'
import { connectClient, subscribe } from './support/pusher-client.js'
import { refusalOf } from './support/pusher-queries.js'

const closedShop = { id: 'closed', key: 'closed-key', secret: 'closed-secret', enabled: false }

test('refusals', async (t) => {
  const place = await embedPusher(t, { apps: [{ ...shop, limits: { backendEventsPerSecondMax: 50 } }, closedShop] })
  const { sdk, port } = place
  const { ear } = await subscribe(await connectClient(t, place), 'news')
  const post = (body: object) => sdk.post({ path: '/events', body: body as unknown as string })
  const refusals: readonly (readonly [name: string, status: number, body: RegExp, request: () => Promise<unknown>])[] = [
    ['another secret', 401, /auth_signature must be/, () => sdkFor({ ...shop, secret: 'another secret' }, port).trigger('news', 'n', {})],
    ['another key', 401, /auth_signature must be/, () => sdkFor({ ...shop, key: 'another-key' }, port).trigger('news', 'n', {})],
    ['no such app', 401, /auth_signature must be/, () => sdkFor({ ...shop, id: 'nowhere' }, port).trigger('news', 'n', {})],
    ['another app\'s keys', 401, /auth_signature must be/, () => sdkFor({ ...closedShop, id: 'shop' }, port).trigger('news', 'n', {})],
    ['a disabled app', 403, /enabled/, () => sdkFor(closedShop, port).trigger('news', 'n', {})],
    ['too much data', 413, /at most 10240 bytes/, () => sdk.trigger('news', 'n', 'x'.repeat(10_241))],
    ['too much data in UTF-8', 413, /at most 10240 bytes, got: 10242/, () => sdk.trigger('news', 'n', 'ä'.repeat(5121))],
    ['far too much data', 413, /./, () => sdk.trigger('news', 'n', 'x'.repeat(2_000_000))],
    ['101 channels', 400, /1\.\.100 names/, () => post({ name: 'n', data: '', channels: Array.from({ length: 101 }, (_, n) => `c${n}`) })],
    ['11 events', 400, /1\.\.10 events/, () => sdk.triggerBatch(Array.from({ length: 11 }, () => ({ channel: 'news', name: 'n', data: '' })))],
    ['a long name', 400, /name must be/, () => sdk.triggerBatch([{ channel: 'news', name: 'n'.repeat(201), data: '' }])],
    ['a bad channel', 400, /a channel must be/, () => post({ name: 'n', data: '', channel: 'a b' })],
    ['no channel', 400, /either channel or channels/, () => post({ name: 'n', data: '' })],
    ['two encrypted channels', 400, /at most one that is encrypted/, () => {
      return post({ name: 'n', data: '', channels: ['private-encrypted-a', 'private-encrypted-b'] })
    }],
    ['data that is no text', 400, /data must be a string/, () => post({ name: 'n', data: {}, channel: 'news' })],
    ['a bad socket', 400, /socket_id must be/, () => post({ name: 'n', data: '', channel: 'news', socket_id: 'x' })],
    ['one bad event of a batch', 400, /a channel must be/, () => {
      return sdk.triggerBatch([{ channel: 'news', name: 'n', data: '' }, { channel: '*', name: 'n', data: '' }])
    }],
    ['over the rate', 429, /at most 50 a second/, () => sdk.trigger(Array.from({ length: 51 }, (_, n) => `c${n}`), 'n', '')],
  ]
  for (const [name, status, body, request] of refusals) t.match(await refusalOf(request()), { status, body }, name)
  await sdk.trigger('news', 'last', {})
  await ear.nth('last')
  t.strictSame(ear.names, ['pusher:subscription_succeeded', 'last'], 'nothing of it was published')
})

interface Signed {
  /** What is signed; sent is always a POST to /apps/shop/events. */
  readonly method?: string
  readonly path?: string
  readonly body?: string
  readonly seconds?: number
  /** Changes the parameters before they are signed. */
  readonly change?: (parameters: URLSearchParams) => void
  /** Changes the query after it was signed. */
  readonly forge?: (query: string) => string
  /** What is sent in place of the body that was signed. */
  readonly sent?: string
}

const eventsPath = '/apps/shop/events'
const event = JSON.stringify({ name: 'n', channel: 'news', data: '{}' })

/** A request signed without the SDK. @returns the status of its answer. */
async function send(port: number, request: Signed): Promise<number> {
  const { method = 'POST', path = eventsPath, body = event, seconds = 0, change, forge, sent } = request
  const parameters = new URLSearchParams({
    auth_key: shop.key, auth_timestamp: String(Math.floor(Date.now() / 1000) + seconds), auth_version: '1.0',
    body_md5: createHash('md5').update(body).digest('hex'),
  })
  change?.(parameters)
  parameters.sort()
  const text = decodeURIComponent(parameters.toString())
  const signature = createHmac('sha256', shop.secret).update(`${method}\n${path}\n${text}`).digest('hex')
  const query = `${parameters}&auth_signature=${signature}`
  const response = await fetch(`http://127.0.0.1:${port}${eventsPath}?${forge?.(query) ?? query}`, { method: 'POST', body: sent ?? body })
  await response.text()
  return response.status
}

test('requests signed by hand: right ones, forged ones, stale ones', async (t) => {
  const place = await embedPusher(t)
  const { ear } = await subscribe(await connectClient(t, place), 'news')
  const cases: readonly (readonly [name: string, status: number, request: Signed])[] = [
    ['as it should be', 200, {}],
    ['a little early', 200, { seconds: 590 }],
    ['a little late', 200, { seconds: -590 }],
    ['11 minutes early', 401, { seconds: 660 }],
    ['11 minutes late', 401, { seconds: -660 }],
    ['another body', 401, { sent: event.replace('news', 'newt') }],
    ['no body', 401, { sent: '' }],
    ['signed without the body', 401, { change: (parameters) => parameters.delete('body_md5') }],
    ['another path', 401, { path: '/apps/shop/batch_events' }],
    ['another app\'s path', 401, { path: '/apps/closed/events' }],
    ['signed as GET', 401, { method: 'GET' }],
    ['a parameter more', 401, { forge: (query) => `${query}&info=user_count` }],
    ['a parameter less', 401, { forge: (query) => query.replace('auth_version=1.0&', '') }],
    ['a parameter twice', 400, { forge: (query) => `${query}&auth_key=${shop.key}` }],
    ['a parameter twice, in capitals', 400, { forge: (query) => `${query}&AUTH_KEY=${shop.key}` }],
    ['a signature cut', 401, { forge: (query) => query.slice(0, -1) }],
    ['a signature of others', 401, { forge: (query) => query.replace(/[0-9a-f]{64}$/, '0'.repeat(64)) }],
    ['no signature', 401, { forge: (query) => query.replace(/&auth_signature=.*/, '') }],
    ['another version', 401, { change: (parameters) => parameters.set('auth_version', '2.0') }],
    ['a time that is no number', 401, { change: (parameters) => parameters.set('auth_timestamp', '1e9') }],
    ['no query', 401, { forge: () => '' }],
    ['not percent-encoded', 400, { forge: (query) => `${query}&x=%zz` }],
    ['a parameter of one\'s own', 200, { change: (parameters) => parameters.set('zzz', '1') }],
  ]
  for (const [name, status, request] of cases) t.equal(await send(place.port, request), status, name)
  await place.sdk.trigger('news', 'last', {})
  await ear.nth('last')
  t.equal(ear.all('n').length, cases.filter(([, status]) => status === 200).length)
})
