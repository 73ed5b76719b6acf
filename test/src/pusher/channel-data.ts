import { test } from 'tap'
import { parseChannelData } from '../../../src/pusher/channel-data.js'

test('a user', async (t) => {
  t.strictSame(parseChannelData('{"user_id":"a","user_info":{"name":"Ada"}}', 100), { userId: 'a', info: '{"name":"Ada"}' })
  t.strictSame(parseChannelData('{"user_id":10}', 100), { userId: '10', info: 'null' }, 'a number is a text on the wire; info is optional')
  t.strictSame(parseChannelData('{"user_id":"a","user_info":null}', 100), { userId: 'a', info: 'null' })
  t.strictSame(parseChannelData('{"user_id":"a","user_info":"text"}', 100), { userId: 'a', info: '"text"' })
})

test('a number is its digits, and what the app says of a user is its own text', async (t) => {
  const snowflake = '{"user_id":1152921504606846977,"user_info":{"id":1152921504606846977,"price":1.10,"name" : "Ada\\u0021"}}'
  t.strictSame(parseChannelData(snowflake, 100), { userId: '1152921504606846977', info: '{"id":1152921504606846977,"price":1.10,"name" : "Ada\\u0021"}' })
  t.strictSame(parseChannelData('{"user_id":9007199254740993,"user_info":1e400}', 100), { userId: '9007199254740993', info: '1e400' })
  t.strictSame(parseChannelData(' {"user_info": [1 , 2] , "user_id" : "a" , "user_id" : "b"} ', 100), { userId: 'b', info: '[1 , 2]' })
})

test('no user', async (t) => {
  const long = JSON.stringify({ user_id: 'x'.repeat(129) })
  const ids = ['null', 'true', '[]', '{}', '""', '1.5', '1e999', '1e3', '"a\\u0000"', '"\\ud800"', '["a"]'].map((id) => `{"user_id":${id}}`)
  for (const text of ['', '{', '[]', 'null', '"a"', '{}', '{"user":1}', '{"__proto__":{"user_id":"a"}}', long, ...ids]) {
    t.match(parseChannelData(text, 100), { type: 'AuthError', status: 401 }, text.slice(0, 60))
  }
  t.match(parseChannelData(`{"user_id":"a","user_info":${'['.repeat(32)}${']'.repeat(32)}}`, 1000), { type: 'AuthError' }, 'too deep')
})

test('info is bounded in bytes of its text', async (t) => {
  t.match(parseChannelData(`{"user_id":"a","user_info":[1,${' '.repeat(96)}2]}`, 100), { type: 'LimitReached' }, 'with its spaces')
  t.match(parseChannelData(`{"user_id":"a","user_info":[1,${' '.repeat(95)}2]}`, 100), { userId: 'a' })
  const text = (length: number) => JSON.stringify({ user_id: 'a', user_info: 'é'.repeat(length) })
  t.match(parseChannelData(text(49), 100), { userId: 'a' }, '98 bytes and two quotes')
  t.strictSame(parseChannelData(text(50), 100), { type: 'LimitReached', error: 'user_info must be at most 100 bytes', status: 4301 })
})
