import { test } from 'tap'
import { apiGuard } from '../../../src/api/guard.js'
import type { Route } from '../../../src/http/contract.js'

function route(access: Route['access']): Route {
  return { method: 'GET', path: '/', bodyBytesMax: 0, access, handle: () => ({ status: 200, headers: {}, body: '' }) }
}

test('a token', async (t) => {
  const guard = apiGuard({ token: 'a secret of 20 bytes', hosts: [] })
  const ask = (authorization: string | undefined) => guard(route('token'), { host: 'evil.example', authorization })
  t.equal(ask('Bearer a secret of 20 bytes'), null)
  t.equal(ask('bearer   a secret of 20 bytes'), null, 'schemes have no case')
  for (const wrong of ['', 'Bearer', 'Bearer ', 'Bearer a secret of 20 byteS', 'Bearer a secret of 20 bytes ', 'Basic a secret of 20 bytes', 'a secret of 20 bytes',
    'Bearer a secret of 20 bytes, Bearer a secret of 20 bytes', undefined]) {
    t.match(ask(wrong), { status: 401, headers: { 'www-authenticate': 'Bearer realm="broker"' } }, String(wrong))
  }
  t.equal(guard(route('anyone'), { host: 'evil.example' }), null)
  t.notMatch(String(ask('Bearer x')?.body), /secret of/, 'the token is told to nobody')
})

test('without a token, requests are for this machine', async (t) => {
  const guard = apiGuard({ token: null, hosts: ['127.0.0.1', 'Broker.Internal'] })
  for (const access of ['anyone', 'token'] as const) {
    const ask = (host: string | undefined) => guard(route(access), { host })
    for (const host of ['localhost', 'LocalHost:8000', '127.0.0.1', '127.0.0.1:8000', '[::1]', '[::1]:8000', '10.0.0.1', 'broker.internal:8000']) {
      t.equal(ask(host), null, host)
    }
    for (const host of ['evil.example', 'evil.example:8000', 'localhost.evil.example', '127.0.0.1.evil.example', 'evil.example:127.0.0.1', '', '[::1', '[::1]x',
      '::1]', 'a@localhost', '2130706433']) {
      t.match(ask(host), { status: 403 }, String(host))
    }
    t.equal(ask(undefined), null, 'HTTP/1.0: no browser')
  }
})

test('without a token, pages of other sites may not ask', async (t) => {
  const guard = apiGuard({ token: null, hosts: ['broker.internal'] })
  const ask = (origin: string) => guard(route('token'), { host: 'localhost:8000', origin })
  for (const origin of ['http://localhost:3000', 'https://localhost', 'http://127.0.0.1:8000', 'http://[::1]:1', 'http://broker.internal']) {
    t.equal(ask(origin), null, origin)
  }
  for (const origin of ['https://evil.example', 'null', '', 'http://10.0.0.1', 'http://localhost.evil.example', 'http://localhost@evil.example',
    'https://localhost, https://evil.example', 'file://', 'http://']) {
    t.match(ask(origin), { status: 403 }, origin)
  }
  t.equal(apiGuard({ token: 'x', hosts: [] })(route('anyone'), { host: 'a', origin: 'https://evil.example' }), null, 'a token is no ambient right')
})
