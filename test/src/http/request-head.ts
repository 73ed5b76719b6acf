import { test } from 'tap'
import type { HttpHeaders, Route } from '../../../src/http/contract.js'
import { openRequest, splitTarget } from '../../../src/http/request-head.js'
import { createRouter } from '../../../src/http/router.js'

const route: Route = { method: 'POST', path: '/{name}', bodyBytesMax: 10, access: 'anyone', handle: () => ({ status: 200, headers: {}, body: '' }) }
const service = createRouter([route], { guard: null, onError: () => {} })

function open(headers: HttpHeaders, path = '/a', query = '', minorVersion = 1, method = 'POST') {
  return openRequest(service, { majorVersion: 1, minorVersion, method, path, query, headers: { host: 'a', ...headers } })
}

test('targets', async (t) => {
  const expected: Readonly<Record<string, readonly [path: string, query: string]>> = {
    '/a?b?c': ['/a', 'b?c'],
    '/a?': ['/a', ''],
    '/': ['/', ''],
    '//a/b': ['//a/b', ''],
    'http://host:80/a?b': ['/a', 'b'],
    'HTTPS://host/': ['/', ''],
    'ftp://host/a': ['ftp://host/a', ''],
    '*': ['*', ''],
    '': ['', ''],
  }
  for (const [target, [path, query]] of Object.entries(expected)) t.strictSame(splitTarget(target), { path, query }, target)
})

test('bodies', async (t) => {
  t.match(open({}), { route, bodyBytes: 0, request: { path: '/a', parameters: { name: 'a' } } })
  t.match(open({ 'content-length': '0' }), { bodyBytes: 0 })
  t.match(open({ 'content-length': '10' }), { bodyBytes: 10 })
  t.match(open({ 'transfer-encoding': 'Chunked' }), { bodyBytes: null })
  t.match(open({ 'content-length': '11' }), { status: 413 })
  t.match(open({ 'content-length': '99999999999999999999' }), { status: 400 }, 'no number we can count to')
  for (const length of ['', '+1', '1,1', '0x1', '1e3', ' 1']) {
    t.match(open({ 'content-length': length }), { status: 400, headers: { connection: 'close' } }, JSON.stringify(length))
  }
  t.match(open({ 'content-length': '1', 'transfer-encoding': 'chunked' }), { status: 400, headers: { connection: 'close' } })
  t.match(open({ 'transfer-encoding': 'gzip, chunked' }), { status: 501, headers: { connection: 'close' } })
})

test('hosts and lengths', async (t) => {
  for (const host of [undefined, '', 'a, b', 'a b', 'u@h', 'h:x']) t.match(open({ host }), { status: 400, headers: { connection: 'close' } }, String(host))
  t.match(open({ host: undefined }, '/a', '', 1, 'BREW'), { status: 400 }, 'before the method')
  t.match(open({ host: undefined }, '/a', '', 0), { route }, 'HTTP/1.0 does without')
  t.match(open({ host: 'a b' }, '/a', '', 0), { status: 400 }, 'but has none that is none')
  t.match(open({ 'transfer-encoding': 'chunked' }, '/a', '', 0), { status: 400 }, 'nor chunks')
  t.match(openRequest(service, { majorVersion: 0, minorVersion: 9, method: 'POST', path: '/a', query: '', headers: {} }), { status: 400 }, 'HTTP/0.9')
  t.match(openRequest(service, { majorVersion: 2, minorVersion: 0, method: 'POST', path: '/a', query: '', headers: {} }), { status: 505 }, 'HTTP/2.0')
  t.match(open({}, '/a#b'), { status: 400 }, 'a fragment')
  t.match(open({}, '/a', 'b#c'), { status: 400 }, 'a fragment behind a query')
  t.match(open({}, '*', '', 1, 'OPTIONS'), { status: 204, headers: { allow: 'GET, HEAD, POST, OPTIONS' }, body: '' })
  t.match(open({}, '/a', '', 1, 'OPTIONS'), { status: 405 })
  t.match(open({}, `/${'x'.repeat(8000)}`, 'y'.repeat(191)), { bodyBytes: 0 })
  t.match(open({}, `/${'x'.repeat(8000)}`, 'y'.repeat(192)), { status: 414 })
  t.match(open({}, '/a/b'), { status: 404 })
})
