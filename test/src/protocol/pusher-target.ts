import { test } from 'tap'
import { isOriginAllowed, parseTarget } from '../../../src/protocol/pusher-target.js'

test('a target names an app', async (t) => {
  t.strictSame(parseTarget('/app/abc?protocol=7&client=js&version=8.4.0&flash=false'), { key: 'abc' })
  t.strictSame(parseTarget('/app/a-b_C1?protocol=5'), { key: 'a-b_C1' })
  t.strictSame(parseTarget('/app/abc?client=a?b&protocol=6'), { key: 'abc' }, 'a second question mark is part of a value')
  t.strictSame(parseTarget('/app/abc?protocol=7&version='), { key: 'abc' }, 'the library\'s version is its own affair')
  t.strictSame(parseTarget('/app/abc?protocol=7&version=%zz'), { key: 'abc' })
})

const refusals: readonly (readonly [target: string, code: number])[] = [
  ['/', 4005], ['', 4005], ['/app', 4005], ['/app/', 4005], ['/app/?protocol=7', 4005], ['/app/a/b?protocol=7', 4005], ['/app/a/?protocol=7', 4005],
  ['/apps/a?protocol=7', 4005], ['/APP/a?protocol=7', 4005], ['//app/a?protocol=7', 4005], ['/x/app/a?protocol=7', 4005], ['/?protocol=7', 4005],
  ['/app/a', 4008], ['/app/a?', 4008], ['/app/a?protocol', 4008], ['/app/a?protocol=', 4008], ['/app/a?Protocol=7', 4008], ['/app/a?version=7', 4008],
  ['/app/a?protocol=abc', 4006], ['/app/a?protocol=7.0', 4006], ['/app/a?protocol=-7', 4006], ['/app/a?protocol=+7', 4006],
  ['/app/a?protocol=0x7', 4006], ['/app/a?protocol=7e0', 4006], ['/app/a?protocol=%207', 4006], ['/app/a?protocol=77777777777', 4006],
  ['/app/a?protocol=٧', 4006], ['/app/a?protocol=7%00', 4006], ['/app/a?protocol=Infinity', 4006], ['/app/a?protocol=NaN', 4006],
  ['/app/a?protocol=0', 4007], ['/app/a?protocol=1', 4007], ['/app/a?protocol=4', 4007], ['/app/a?protocol=8', 4007], ['/app/a?protocol=999999999', 4007],
  ['/app/a?protocol=4&protocol=7', 4007],
]

test('targets that are refused', async (t) => {
  for (const [target, code] of refusals) t.match(parseTarget(target), { code }, target)
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
