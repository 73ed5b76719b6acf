/** What no honest client sends: nothing of it subscribes, publishes, closes or costs anything but the answer that is due. */

import { test } from 'tap'
import { authFor } from '../../../src/pusher/auth.js'
import { key, PusherWorld, secret, type Received } from '../../support/pusher/pusher-world.js'

type Answer = 'not JSON' | 'no event' | 'no channel' | 'unauthorized' | 'no such name' | 'no sign-in' | 'no client event' | 'silence'

const answers: Readonly<Record<Answer, (message: Received | undefined) => boolean>> = {
  'not JSON': (message) => isError(message, null, /must be a JSON object/),
  'no event': (message) => isError(message, null, /event name/),
  'no channel': (message) => isError(message, null, /name a channel/),
  unauthorized: (message) => isSubscriptionError(message, 401),
  'no such name': (message) => isSubscriptionError(message, 4009),
  'no sign-in': (message) => isError(message, 4009, /./),
  'no client event': (message) => isError(message, 4301, /^Client event rejected - /),
  silence: (message) => message === undefined,
}

function isError(message: Received | undefined, code: number | null, text: RegExp): boolean {
  const data = message?.data as { code: unknown, message: string } | undefined
  return message?.event === 'pusher:error' && data?.code === code && text.test(data.message)
}

function isSubscriptionError(message: Received | undefined, status: number): boolean {
  return message?.event === 'pusher:subscription_error' && (message.data as { status: unknown }).status === status
}

const valid = '{"event":"pusher:subscribe","data":{"channel":"news"}}'
/** Values of other types, and empty ones. */
const others = ['null', 'true', '0', '-1', '1e999', '[]', '["news"]', '{}', '{"toString":"news"}']

const notJson = [
  '', ' ', '\0', 'null', 'true', '0', '"text"', '[]', `[${valid}]`, `"${valid.replaceAll('"', '\\"')}"`, '{', '}', '{{}}', '{}}', '{"event"}', '{"event":}',
  '{event:"pusher:subscribe"}', "{'event':'pusher:subscribe'}", '{"event":"pusher:subscribe",}', `${valid}${valid}`, `${valid},`, `\u{feff}${valid}`,
  valid.slice(0, -1), valid.slice(1), `x${valid}`, `${valid}x`, '{"event":"\n"}', '{"event":"\\x"}', '{"event":"\\u12"}', '{"event":01}', '{"event":+1}',
  '{"event":.5}', '{"event":NaN}', '{"event":Infinity}', '{"event":undefined}', '// comment', '/**/{}', '<xml/>', 'GET / HTTP/1.1', '42["subscribe"]',
  '{"a":'.repeat(33), `${'{"a":'.repeat(32)}{}${'}'.repeat(32)}`, '['.repeat(60_000), '{"a":['.repeat(10_000), '"'.repeat(1001), '\\'.repeat(1000),
  '\ud800', '{"event":"pusher:subscribe","data":{"channel":"news"}\0}', '{"event":tru}', '{"event":"pusher:subscribe" "data":{}}',
]

const noEvent = [
  '{}', '{"Event":"pusher:subscribe"}', '{"data":{"channel":"news"}}', '{"event":""}', '{"__proto__":{"event":"pusher:subscribe","data":{"channel":"news"}}}',
  '{"constructor":{"event":"pusher:subscribe"}}', '{"event":"pusher:subscribe","event":null}', '{"name":"pusher:subscribe","channel":"news"}',
  ...others.map((value) => `{"event":${value},"data":{"channel":"news"}}`),
]

const noChannel = [
  '{"event":"pusher:subscribe"}', '{"event":"pusher:subscribe","channel":"news"}', '{"event":"pusher:subscribe","data":"news"}',
  '{"event":"pusher:subscribe","data":{"__proto__":{"channel":"news"}}}', '{"event":"pusher:subscribe","data":{"Channel":"news"}}',
  '{"event":"pusher:subscribe","data":"{\\"channel\\":\\"news\\"}"}', '{"event":"pusher:unsubscribe"}', '{"event":"pusher:unsubscribe","data":"news"}',
  '{"event":"client-a"}', '{"event":"client-a","data":{"channel":"private-a"}}',
  ...others.flatMap((value) => [
    `{"event":"pusher:subscribe","data":${value}}`, `{"event":"pusher:subscribe","data":{"channel":${value}}}`,
    `{"event":"pusher:unsubscribe","data":{"channel":${value}}}`, `{"event":"client-a","channel":${value},"data":{}}`,
  ]),
]

const badNames = [
  '', ' ', 'a b', ' news', 'news ', 'a/b', '../a', 'a*', '*', '>', 'a:b', 'a|b', 'é', '\u202enews', 'news\0', 'a\nb', '#', '#a', '#server-to-user', '#server-to-user-',
  '#server-to-user-a\0', 'private-a b', 'presence-*', 'private-encrypted-/', 'x'.repeat(165), `private-${'x'.repeat(200)}`, 'x'.repeat(50_000), '\ud800', 'pusher/app/news',
]

const good = authFor({ key, secret }, '1.1:private-a')
const badAuths = [
  undefined, null, true, 0, '', ':', key, `${key}:`, `:${good.slice(4)}`, good, good.toUpperCase(), `${good} `, [good], { auth: good }, `${key}:${'0'.repeat(64)}`,
  `${key}:${'f'.repeat(63)}`, `${key}:${'f'.repeat(65)}`, 'x'.repeat(68), 'x'.repeat(50_000), '\ud800'.repeat(68), `\0${good.slice(1)}`,
]

const others4301 = [
  '{"event":"hello","channel":"private-a"}', '{"event":"Client-a","channel":"private-a"}', '{"event":"client_a","channel":"private-a"}',
  '{"event":" client-a","channel":"private-a"}', '{"event":"pusher_internal:member_added","channel":"presence-a","data":"{}"}',
  '{"event":"pusher_internal:subscription_succeeded","channel":"news"}', '{"event":"client-a","channel":"news"}', '{"event":"client-a","channel":"private-a"}',
  '{"event":"client-a","channel":"presence-a"}', '{"event":"client-a","channel":"#server-to-user-a"}', '{"event":"client-a","channel":""}',
  '{"event":"client-a","channel":"private-a\\u0000"}', '{"event":"client-a","channel":"private-encrypted-a"}', '{"event":"__proto__","channel":"private-a"}',
  '{"event":"client-a","channel":"pusher/app/private-a"}', '{"event":"\\u0063lient-a","channel":"private-a"}', `{"event":"client-${'x'.repeat(50_000)}","channel":"private-a"}`,
]

const silent = [
  '{"event":"pusher:"}', '{"event":"pusher:pong"}', '{"event":"pusher:error","data":{"code":4009}}', '{"event":"pusher:connection_established","data":"{}"}',
  '{"event":"pusher:subscription_succeeded","channel":"news"}', '{"event":"pusher:member_added","channel":"presence-a"}', '{"event":"pusher:unknown","data":{}}',
  '{"event":"pusher:signin_success","data":{"user_data":"{}"}}', '{"event":"pusher:unsubscribe","data":{"channel":"never"}}',
  '{"event":"pusher:unsubscribe","data":{"channel":"__proto__"}}', '{"event":"pusher:cache_miss","channel":"cache-a"}',
]

function subscription(channel: string, auth: unknown, rest: object = {}): string {
  return JSON.stringify({ event: 'pusher:subscribe', data: { channel, auth, ...rest } })
}

const rows: readonly (readonly [text: string, answer: Answer])[] = [
  ...notJson.map((text) => [text, 'not JSON'] as const),
  ...noEvent.map((text) => [text, 'no event'] as const),
  ...noChannel.map((text) => [text, 'no channel'] as const),
  ...badNames.map((name) => [subscription(name, good), 'no such name'] as const),
  ...badAuths.map((auth) => [subscription('private-a', auth), 'unauthorized'] as const),
  ...badAuths.map((auth) => [subscription('presence-a', auth, { channel_data: '{"user_id":"a"}' }), 'unauthorized'] as const),
  ...badAuths.map((auth) => [JSON.stringify({ event: 'pusher:signin', data: { auth, user_data: '{"id":"a"}' } }), 'no sign-in'] as const),
  ...others.map((value) => [`{"event":"pusher:signin","data":${value}}`, 'no sign-in'] as const),
  ...others.map((value) => [`{"event":"pusher:subscribe","data":{"channel":"presence-a","auth":"${good}","channel_data":${value}}}`, 'unauthorized'] as const),
  [subscription('#server-to-user-a', good), 'unauthorized'],
  ...others4301.map((text) => [text, 'no client event'] as const),
  ...silent.map((text) => [text, 'silence'] as const),
]

test(`${rows.length} malformed and forged messages`, async (t) => {
  t.ok(rows.length >= 250)
  const world = new PusherWorld({ clientEvents: true })
  const client = world.connect()
  for (const [text, answer] of rows) {
    const came = client.sendText(text)
    t.ok(answers[answer](came[0]) && came.length <= 1, `${answer}: ${JSON.stringify(text).slice(0, 100)}`, { came: came.slice(0, 2) })
  }
  t.equal(client.connection.closed, null, 'none of it closes the connection')
  t.equal(client.connection.topics.size, 0, 'none of it subscribes')
  t.strictSame(world.calls.published, [], 'none of it publishes')
  t.strictSame(world.webhooks, [], 'no webhook tells of it')
  t.equal(world.clock.waiting, 0)
  t.strictSame(client.sendText(valid), [{ event: 'pusher_internal:subscription_succeeded', channel: 'news', data: {} }], 'and it still works')
  t.equal(Object.keys(Object.prototype).length, 0)
})
