import { test } from 'tap'
import { isOriginAllowed, parseTarget } from '../../../src/pusher/target.js'

const targetOf = (target: string, prefix = '') => parseTarget(target, prefix)

test('a target names an app', async (t) => {
  t.strictSame(targetOf('/app/abc?protocol=7&client=js&version=8.4.0&flash=false'), { key: 'abc' })
  t.strictSame(targetOf('/app/a-b_C1?protocol=5'), { key: 'a-b_C1' })
  t.strictSame(targetOf('/app/abc?client=a?b&protocol=6'), { key: 'abc' }, 'a second question mark is part of a value')
  t.strictSame(targetOf('/app/abc?protocol=7&version='), { key: 'abc' }, 'the library\'s version is its own affair')
  t.strictSame(targetOf('/app/abc?protocol=7&version=%zz'), { key: 'abc' })
})

const refusals: readonly (readonly [target: string, code: number])[] = [
  ['/', 4005], ['', 4005], ['/app', 4005], ['/app/', 4005], ['/app/?protocol=7', 4005], ['/app/a/b?protocol=7', 4005], ['/app//?protocol=7', 4005],
  ['/apps/a?protocol=7', 4005], ['/APP/a?protocol=7', 4005], ['app/a?protocol=7', 4005], ['/x/app/a?protocol=7', 4005], ['/?protocol=7', 4005],
  ['/app/a?protocol=abc', 4006], ['/app/a?protocol=7.0', 4006], ['/app/a?protocol=-7', 4006], ['/app/a?protocol=+7', 4006],
  ['/app/a?protocol=0x7', 4006], ['/app/a?protocol=7e0', 4006], ['/app/a?protocol=%207', 4006], ['/app/a?protocol=77777777777', 4006],
  ['/app/a?protocol=٧', 4006], ['/app/a?protocol=7%00', 4006], ['/app/a?protocol=Infinity', 4006], ['/app/a?protocol=NaN', 4006],
  ['/app/a?protocol=0', 4007], ['/app/a?protocol=1', 4007], ['/app/a?protocol=4', 4007], ['/app/a?protocol=8', 4007], ['/app/a?protocol=999999999', 4007],
  ['/app/a?protocol=4&protocol=7', 4007],
]

test('targets that are refused', async (t) => {
  for (const [target, code] of refusals) t.match(targetOf(target), { code }, target)
})

test('without a version it is the newest', async (t) => {
  for (const query of ['', '?', '?protocol', '?protocol=', '?Protocol=5', '?version=7', '?client=arduino&version=1.0']) {
    t.strictSame(targetOf(`/app/a${query}`), { key: 'a' }, query)
  }
})

test('slashes too many, and a prefix', async (t) => {
  for (const target of ['//app/abc', '/app/abc/', '//app//abc/', '///app/abc//']) t.strictSame(targetOf(`${target}?protocol=7`), { key: 'abc' }, target)
  for (const target of ['/ws/app/abc', '//ws//app/abc/', '/app/abc']) t.strictSame(targetOf(`${target}?protocol=7`, '/ws'), { key: 'abc' }, target)
  for (const target of ['/ws/app/abc', '/app/ws/abc']) t.match(targetOf(`${target}?protocol=7`), { code: 4005 }, target)
  for (const target of ['/ws/ws/app/abc', '/wss/app/abc', '/WS/app/abc', '/w/app/abc']) t.match(targetOf(`${target}?protocol=7`, '/ws'), { code: 4005 }, target)
  t.strictSame(targetOf('/a/b/app/abc', '/a/b'), { key: 'abc' })
  t.strictSame(targetOf('/app/app/abc', '/app'), { key: 'abc' })
})

test('origins', async (t) => {
  const list = ['https://example.com', 'http://localhost:3000']
  t.ok(isOriginAllowed(null, 'https://anything.example'), 'no list, any origin')
  t.ok(isOriginAllowed(null, 'null'))
  t.ok(isOriginAllowed(list, 'https://example.com'))
  t.ok(isOriginAllowed(list, 'http://localhost:3000'))
  t.ok(isOriginAllowed(list, null), 'not a browser')
  const others = [
    'null', '', 'http://example.com', 'https://example.com:443', 'https://example.com.evil', 'https://evil-example.com', 'https://EXAMPLE.com',
    'https://example.com/', 'http://localhost', 'http://localhost:30000',
  ]
  for (const origin of others) t.notOk(isOriginAllowed(list, origin), origin)
  t.notOk(isOriginAllowed([...list, 'null'], 'null'), 'a sandboxed page is never allowed')
  t.notOk(isOriginAllowed([], 'https://example.com'))
})

test('origins by pattern', async (t) => {
  const list = ['https://*.example.com', 'http://*.local.test:3000']
  for (const origin of ['https://a.example.com', 'https://a.b-c.example.com', 'http://x.local.test:3000']) t.ok(isOriginAllowed(list, origin), origin)
  const others = [
    'https://example.com', 'https://.example.com', 'http://a.example.com', 'https://a.example.com:444', 'https://aexample.com', 'https://a.example.com.evil',
    'https://evil/.example.com', 'https://a..example.com', 'http://x.local.test', 'null', 'https://u@a.example.com', 'https://*.example.com',
  ]
  for (const origin of others) t.notOk(isOriginAllowed(list, origin), origin)
  for (const origin of ['https://a.example', 'null', 'app://local']) t.ok(isOriginAllowed(['*'], origin), origin)
})
