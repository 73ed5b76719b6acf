import { test } from 'tap'
import type { HttpRequest, HttpResponse, HttpService, Route } from '../../../src/http/contract.js'
import { createRouter, type Guard } from '../../../src/http/router.js'

function route(method: Route['method'], path: string, handle: Route['handle'] = () => answer(path)): Route {
  return { method, path, bodyBytesMax: 0, access: 'anyone', handle }
}

function answer(body: string, headers: Record<string, string> = {}): HttpResponse {
  return { status: 200, headers, body }
}

function router(routes: readonly Route[], guard: Guard | null = null, errors: unknown[] = []): HttpService {
  return createRouter(routes, { guard, onError: (error) => errors.push(error) })
}

const request: HttpRequest = { method: 'GET', path: '/', query: '', headers: {}, body: Buffer.alloc(0), parameters: {} }

/** What a path means: `route parameters`, or the status that refuses it. */
function find(service: HttpService, method: string, path: string): string {
  const found = service.find(method, path, {})
  return 'route' in found ? `${found.route.path} ${JSON.stringify(found.parameters)}` : String(found.status)
}

test('paths', async (t) => {
  const service = router([
    route('GET', '/'),
    route('GET', '/topics'),
    route('GET', '/topics/{topic...}'),
    route('POST', '/topics/{name...}'),
    route('GET', '/apps/{app}/channels'),
    route('GET', '/apps/{app}/channels/{channel}'),
    route('GET', '/apps/{app}/channels/{channel}/users'),
    route('GET', '/apps/all/{what}'),
  ])
  const expected: Readonly<Record<string, string>> = {
    '/': '/ {}',
    '/topics': '/topics {}',
    '/topics/a': '/topics/{topic...} {"topic":"a"}',
    '/topics/a/b//c/': '/topics/{topic...} {"topic":"a/b//c/"}',
    '/topics//': '/topics/{topic...} {"topic":"/"}',
    '/topics/..': '/topics/{topic...} {"topic":".."}',
    '/topics/a%20b%2Fc%25': '/topics/{topic...} {"topic":"a b/c%"}',
    '/topics/a+b': '/topics/{topic...} {"topic":"a+b"}',
    '/topics/__proto__': '/topics/{topic...} {"topic":"__proto__"}',
    '/topics/': '404',
    '/topics/%': '400',
    '/topics/%c3%28': '400',
    '/Topics': '404',
    '/top%69cs': '404',
    '/apps/1/channels': '/apps/{app}/channels {"app":"1"}',
    '/apps//channels': '404',
    '/apps/1/channels/': '404',
    '/apps/1/channels/c': '/apps/{app}/channels/{channel} {"app":"1","channel":"c"}',
    '/apps/1/channels/c/users': '/apps/{app}/channels/{channel}/users {"app":"1","channel":"c"}',
    '/apps/1/channels/c/users/u': '404',
    '/apps/all/channels': '/apps/all/{what} {"what":"channels"}',
    '/apps/all/channels/c': '/apps/{app}/channels/{channel} {"app":"all","channel":"c"}',
    '/apps': '404',
    'topics': '404',
    '*': '404',
    '': '404',
  }
  for (const [path, means] of Object.entries(expected)) t.equal(find(service, 'GET', path), means, path)
  t.equal(find(service, 'POST', '/topics/a'), '/topics/{name...} {"name":"a"}', 'names are those of the row')
})

test('methods', async (t) => {
  const service = router([route('GET', '/both'), route('POST', '/both'), route('POST', '/post/{x}')])
  t.equal(find(service, 'HEAD', '/both'), '/both {}')
  t.equal(find(service, 'HEAD', '/post/a'), '405')
  t.match(service.find('PUT', '/both', {}), { status: 405, headers: { allow: 'GET, HEAD, POST' } })
  t.match(service.find('GET', '/post/a', {}), { status: 405, headers: { allow: 'POST' } })
  t.match(service.find('PUT', '/none', {}), { status: 404 })
  t.throws(() => router([route('GET', '/a/{x}'), route('GET', '/a/{y}')]), { message: 'a route must be unique, got: GET /a/{y} twice' })
})

test('a guard is asked for every route, with the headers', async (t) => {
  const asked: unknown[] = []
  const service = router([route('GET', '/open'), route('GET', '/shut/{x}')], ({ path }, headers) => {
    asked.push([path, headers])
    return path === '/open' ? null : { status: 403, headers: {}, body: '' }
  })
  const headers = { host: 'a' }
  t.match(service.find('GET', '/open', headers), { route: { path: '/open' } })
  t.match(service.find('GET', '/shut/%', headers), { status: 403 })
  t.match(service.find('GET', '/none', headers), { status: 404 })
  t.strictSame(asked, [['/open', headers], ['/shut/{x}', headers]])
})

test('answers', async (t) => {
  const errors: unknown[] = []
  const service = router([], null, errors)
  const ask = (handle: Route['handle']) => service.answer(route('GET', '/', handle), request)
  t.strictSame(ask(() => answer('now')), answer('now'), 'no promise without need')
  t.strictSame(await ask(async () => answer('later')), answer('later'))
  t.match(ask(() => {
    throw new Error('thrown')
  }), { status: 500, headers: { 'content-type': 'application/problem+json' } })
  t.match(await ask(async () => {
    throw new Error('rejected')
  }), { status: 500 })
  t.match(ask(() => answer('', { 'x-a': 'b\r\nc: d' })), { status: 500 })
  t.match(await ask(async () => answer('', { 'x a': 'b' })), { status: 500 })
  t.match(errors, [
    { message: 'thrown' }, { message: 'rejected' },
    { message: String.raw`a header must be one line of Latin-1 text, got: "x-a: b\r\nc: d"` },
    { message: 'a header must be one line of Latin-1 text, got: "x a: b"' },
  ])
})
