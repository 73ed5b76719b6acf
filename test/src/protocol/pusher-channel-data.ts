import { test } from 'tap'
import { parseChannelData } from '../../../src/protocol/pusher-channel-data.js'

test('a user', async (t) => {
  t.strictSame(parseChannelData('{"user_id":"a","user_info":{"name":"Ada"}}', 100), { userId: 'a', info: '{"name":"Ada"}' })
  t.strictSame(parseChannelData('{"user_id":10}', 100), { userId: '10', info: 'null' }, 'a number is a text on the wire; info is optional')
  t.strictSame(parseChannelData('{"user_id":"a","user_info":null}', 100), { userId: 'a', info: 'null' })
  t.strictSame(parseChannelData('{"user_id":"a","user_info":"text"}', 100), { userId: 'a', info: '"text"' })
})

test('no user', async (t) => {
  const long = JSON.stringify({ user_id: 'x'.repeat(129) })
  const ids = ['null', 'true', '[]', '{}', '""', '1.5', '1e999', '12345678901234567890', '"a\\u0000"', '"\\ud800"', '["a"]'].map((id) => `{"user_id":${id}}`)
  for (const text of ['', '{', '[]', 'null', '"a"', '{}', '{"user":1}', '{"__proto__":{"user_id":"a"}}', long, ...ids]) {
    t.match(parseChannelData(text, 100), { type: 'AuthError', status: 401 }, text.slice(0, 60))
  }
  t.match(parseChannelData(`{"user_id":"a","user_info":${'['.repeat(32)}${']'.repeat(32)}}`, 1000), { type: 'AuthError' }, 'too deep')
})

test('info is bounded in bytes', async (t) => {
  const text = (length: number) => JSON.stringify({ user_id: 'a', user_info: 'é'.repeat(length) })
  t.match(parseChannelData(text(49), 100), { userId: 'a' }, '98 bytes and two quotes')
  t.strictSame(parseChannelData(text(50), 100), { type: 'LimitReached', error: 'user_info must be at most 100 bytes', status: 4301 })
})
