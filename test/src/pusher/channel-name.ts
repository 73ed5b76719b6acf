import { test } from 'tap'
import { channelTraits, isUserId } from '../../../src/pusher/channel-name.js'

const kinds: readonly (readonly [name: string, access: string, encrypted: boolean, cache: boolean])[] = [
  ['news', 'public', false, false], ['cache-news', 'public', false, true], ['private', 'public', false, false], ['presence', 'public', false, false],
  ['privat-x', 'public', false, false], ['Private-x', 'public', false, false], ['cachenews', 'public', false, false],
  ['private-x', 'private', false, false], ['private-', 'private', false, false], ['private-cache-x', 'private', false, true],
  ['private-encrypted-x', 'private', true, false], ['private-encrypted-cache-x', 'private', true, true], ['private-cache', 'private', false, false],
  ['private-cache-encrypted-x', 'private', false, true], ['presence-x', 'presence', false, false], ['presence-cache-x', 'presence', false, true],
  ['presence-encrypted-x', 'presence', false, false], ['#server-to-user-1', 'user', false, false], ['#server-to-user-a b/é', 'user', false, false],
  ['A-z_0=@,.;', 'public', false, false], [`private-${'x'.repeat(156)}`, 'private', false, false], ['x'.repeat(164), 'public', false, false],
]

test('what a name says', async (t) => {
  for (const [name, access, encrypted, cache] of kinds) t.strictSame(channelTraits(name), { access, encrypted, cache }, name)
})

test('no channel can have these names', async (t) => {
  const names = [
    '', ' ', 'a b', 'a/b', '/', 'a*', '*', 'a>b', 'a:b', 'a#b', '#', '#news', '#server-to-user-', '#server-to-user', '#Server-to-user-1',
    '#private-x', 'private-a b', 'presence-\n', 'a\n', '\na', 'a\0', 'a\u007f', 'é', 'ａ', '\ud800', 'a\u200b', 'a+b', 'a%20b', 'a?b', 'a&b', 'a!b', 'a"b',
    "a'b", 'a\\b', 'a|b', 'a{b}', 'a[b]', 'a(b)', 'a~b', 'a`b', 'a$b', 'a^b', '<a>', 'x'.repeat(165), `private-${'x'.repeat(157)}`,
    `#server-to-user-${'x'.repeat(129)}`, '#server-to-user-a\0', '#server-to-user-\ud800', '#server-to-user-\u0085',
  ]
  for (const name of names) t.equal(channelTraits(name), null, JSON.stringify(name).slice(0, 60))
})

test('ids of users', async (t) => {
  for (const id of ['1', 'a b', '../x', 'é', '\u{1f600}', '__proto__', 'x'.repeat(128)]) t.ok(isUserId(id), id)
  for (const id of ['', 'x'.repeat(129), 'a\nb', '\0', '\u009f', '\ud83d', 'a\udc00']) t.notOk(isUserId(id), JSON.stringify(id))
})
