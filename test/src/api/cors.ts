import { test } from 'tap'
import { askApi } from '../../support/api/ask-api.js'

const origin = 'https://shop.example'
const token = 'a-token-of-the-api'
const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' }

test('a page that is listed may ask and read, refusals too', async (t) => {
  const { ask } = askApi({ token, origins: [origin] })
  const asked = await ask('OPTIONS', '/publish', { headers: { origin, ...preflight } })
  t.match(asked, {
    status: 204, body: '',
    headers: { 'access-control-allow-origin': origin, 'access-control-allow-methods': 'GET, POST, DELETE', 'access-control-allow-headers': /authorization, content-type/, vary: 'origin' },
  })
  t.match(await ask('GET', '/topics', { headers: { origin: 'https://SHOP.example', authorization: `Bearer ${token}` } }), {
    status: 200, headers: { 'access-control-allow-origin': 'https://SHOP.example', vary: 'origin', 'access-control-expose-headers': /retry-after/ },
  })
  t.match(await ask('GET', '/topics', { headers: { origin } }), { status: 401, headers: { 'access-control-allow-origin': origin } })
  t.match(await ask('GET', '/nothing', { headers: { origin } }), { status: 404, headers: { 'access-control-allow-origin': origin } })
  t.match(await ask('GET', '/metrics', { headers: { origin, authorization: `Bearer ${token}` } }), { status: 200, headers: { 'access-control-allow-origin': origin } })
})

test('others are told nothing, and caches that it depends', async (t) => {
  const { ask } = askApi({ token, origins: [origin] })
  for (const other of ['https://evil.example', 'null', 'https://shop.example.evil.example']) {
    t.match(await ask('OPTIONS', '/publish', { headers: { origin: other, ...preflight } }), { status: 405, headers: { 'access-control-allow-origin': undefined } }, other)
    t.match(await ask('GET', '/live', { headers: { origin: other } }), { status: 200, headers: { 'access-control-allow-origin': undefined, vary: 'origin' } }, other)
  }
  t.match(await ask('OPTIONS', '/publish', { headers: { origin } }), { status: 405 }, 'no preflight')
})

test('without a list nothing is changed', async (t) => {
  const { ask } = askApi({ token })
  t.match(await ask('OPTIONS', '/publish', { headers: { origin, ...preflight } }), { status: 405 })
  t.match(await ask('GET', '/live', { headers: { origin } }), { status: 200, headers: { vary: undefined, 'access-control-allow-origin': undefined } })
})

test('without a token a page that is listed passes, and the Host still counts', async (t) => {
  const { ask } = askApi({ origins: [origin] })
  t.match(await ask('GET', '/topics', { headers: { origin } }), { status: 200, headers: { 'access-control-allow-origin': origin } })
  t.match(await ask('GET', '/topics', { headers: { origin: 'https://evil.example' } }), { status: 403 })
  t.match(await ask('GET', '/topics', { headers: { origin, host: 'evil.example' } }), { status: 403 }, 'a name that was made to point here')
  const { ask: askAny } = askApi({ origins: ['*'] })
  t.match(await askAny('GET', '/topics', { headers: { origin: 'null' } }), { status: 200, headers: { 'access-control-allow-origin': 'null' } })
})
