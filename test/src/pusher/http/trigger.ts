import { test } from 'tap'
import { Refusal } from '../../../../src/pusher/http/answer.js'
import { parseBatch, parseTrigger } from '../../../../src/pusher/http/trigger.js'
import { appConfig } from '../../../support/pusher/http/fake-app.js'

const { limits } = appConfig()
const good = { name: 'n', data: 'd', channel: 'c' }
const names = (count: number) => Array.from({ length: count }, (_, at) => `channel-${at}`)

function outcome(parse: () => unknown): string {
  try {
    return JSON.stringify(parse())
  } catch (error) {
    if (error instanceof Refusal) return `${error.status} ${error.message}`
    throw error
  }
}

function bytesOf(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

/** [a body, the refusal's beginning]. Objects stand for their JSON. */
const malformed: [unknown, string][] = [
  ['', '400 a body must be JSON, got: ""'],
  [' ', '400 a body must be JSON, got: " "'],
  ['{', '400 a body must be JSON, got: "{"'],
  ['{}x', '400 a body must be JSON, got: "{}x"'],
  ["{'name':'n'}", '400 a body must be JSON, got: "{\'name\':\'n\'}"'],
  ['name=n&data=d&channel=c', '400 a body must be JSON, got: "name=n&data=d&channel=c"'],
  ['\ufeff{"name":"n","data":"d","channel":"c"}', '400 a body must be JSON'],
  ['{"name":"n\n","data":"d","channel":"c"}', '400 a body must be JSON'],
  ['{"name":"n","data":"d","channel":"c",}', '400 a body must be JSON'],
  ['{"name":"\\x","data":"d","channel":"c"}', '400 a body must be JSON'],
  [Buffer.from('{"name":"n","data":"é","channel":"c"}', 'latin1'), '400 a body must be UTF-8, got: other bytes'],
  [Buffer.from('{"name":"n","data":"d","channel":"c"}', 'utf16le').subarray(1), '400 a body must be'],
  [Buffer.from([0xff, 0xfe, 0x00]), '400 a body must be UTF-8'],
  [Buffer.from([0xed, 0xa0, 0x80]), '400 a body must be UTF-8'],
  [Buffer.from([0xc0, 0xaf]), '400 a body must be UTF-8'],
  [Buffer.alloc(64), '400 a body must be JSON'],
  ['null', '400 a body must be a JSON object, got: nothing'],
  ['5', '400 a body must be a JSON object, got: 5'],
  ['"text"', '400 a body must be a JSON object, got: "text"'],
  ['[{"name":"n","data":"d","channel":"c"}]', '400 a body must be a JSON object, got: a list of 1'],
]

/** [fields beside or instead of the good ones, the refusal's beginning], for an event of either kind of body. */
const badEvents: [Record<string, unknown>, string][] = [
  [{ name: undefined }, '400 name must be 1..200 characters, no control characters, got: nothing'],
  [{ name: null }, '400 name must be'],
  [{ name: '' }, '400 name must be'],
  [{ name: 5 }, '400 name must be 1..200 characters, no control characters, got: 5'],
  [{ name: ['n'] }, '400 name must be 1..200 characters, no control characters, got: a list of 1'],
  [{ name: { toString: 'n' } }, '400 name must be'],
  [{ name: 'x'.repeat(201) }, '400 name must be'],
  [{ name: 'a\u0000' }, '400 name must be'],
  [{ name: 'a\nb' }, '400 name must be'],
  [{ name: 'a\u0085' }, '400 name must be'],
  [{ name: '\ud800' }, '400 name must be'],
  [{ data: undefined }, '400 data must be a string, got: nothing'],
  [{ data: null }, '400 data must be a string, got: nothing'],
  [{ data: { some: 'data' } }, '400 data must be a string, got: an object'],
  [{ data: [] }, '400 data must be a string, got: a list of 0'],
  [{ data: 5 }, '400 data must be a string, got: 5'],
  [{ data: false }, '400 data must be a string, got: false'],
  [{ data: 'x'.repeat(10_241) }, '413 the data content of this event exceeds the allowed maximum: data must be at most 10240 bytes, got: 10241'],
  [{ data: 'é'.repeat(5121) }, '413 the data content of this event exceeds the allowed maximum: data must be at most 10240 bytes, got: 10242'],
  [{ data: '€'.repeat(3414) }, '413 the data content of this event exceeds the allowed maximum: data must be at most 10240 bytes, got: 10242'],
  [{ data: '😀'.repeat(2561) }, '413 the data content of this event exceeds the allowed maximum: data must be at most 10240 bytes, got: 10244'],
  [{ data: '\u0000'.repeat(10_241) }, '413 the data content of this event exceeds the allowed maximum: data must be at most 10240 bytes, got: 10241'],
  [{ socket_id: 5 }, '400 socket_id must be two numbers with a point between, got: 5'],
  [{ socket_id: 1.2 }, '400 socket_id must be'],
  [{ socket_id: '' }, '400 socket_id must be'],
  [{ socket_id: '123' }, '400 socket_id must be'],
  [{ socket_id: '1.2.3' }, '400 socket_id must be'],
  [{ socket_id: '1.2:private-x' }, '400 socket_id must be'],
  [{ socket_id: '1.2\n' }, '400 socket_id must be'],
  [{ socket_id: ' 1.2' }, '400 socket_id must be'],
  [{ socket_id: '1,2' }, '400 socket_id must be'],
  [{ socket_id: '-1.2' }, '400 socket_id must be'],
  [{ socket_id: 'a.b' }, '400 socket_id must be'],
  [{ socket_id: '１.２' }, '400 socket_id must be'],
  [{ socket_id: `${'1'.repeat(21)}.1` }, '400 socket_id must be'],
  [{ socket_id: ['1.2'] }, '400 socket_id must be'],
  [{ info: 'cache' }, '400 info must be a list of user_count, subscription_count, got: "cache"'],
  [{ info: 'users' }, '400 info must be'],
  [{ info: 'user_count,' }, '400 info must be'],
  [{ info: 'user_count;subscription_count' }, '400 info must be'],
  [{ info: 'User_Count' }, '400 info must be'],
  [{ info: '__proto__' }, '400 info must be'],
  [{ info: ['user_count'] }, '400 info must be a list of user_count, subscription_count, got: a list of 1'],
  [{ info: true }, '400 info must be'],
  [{ info: ','.repeat(10_000) }, '400 info must be'],
  [{ info: `${'user_count,'.repeat(1000)}user_count` }, '400 info must be'],
  [{ channel: '' }, '400 a channel must be'],
  [{ channel: 5 }, '400 a channel must be 1..164 letters, digits or _-=@,.; or a user\'s own, got: 5'],
  [{ channel: ['c'] }, '400 a channel must be'],
  [{ channel: 'x'.repeat(165) }, '400 a channel must be'],
  [{ channel: 'a b' }, '400 a channel must be'],
  [{ channel: 'a/b' }, '400 a channel must be'],
  [{ channel: '../c' }, '400 a channel must be'],
  [{ channel: 'a*' }, '400 a channel must be'],
  [{ channel: 'a>' }, '400 a channel must be'],
  [{ channel: 'c\n' }, '400 a channel must be'],
  [{ channel: 'c\u0000' }, '400 a channel must be'],
  [{ channel: 'é' }, '400 a channel must be'],
  [{ channel: 'ｃ' }, '400 a channel must be'],
  [{ channel: '#c' }, '400 a channel must be'],
  [{ channel: '#server-to-user-' }, '400 a channel must be'],
  [{ channel: `#server-to-user-${'x'.repeat(129)}` }, '400 a channel must be'],
  [{ channel: '#server-to-user-a\nb' }, '400 a channel must be'],
  [{ channel: 'a:b' }, '400 a channel must be'],
  [{ channel: 'a%2Fb' }, '400 a channel must be'],
]

/** [fields, the refusal's beginning], for `/events`. */
const badTargets: [Record<string, unknown>, string][] = [
  [{ channel: undefined }, '400 an event must have either channel or channels, got: none'],
  [{ channel: null }, '400 an event must have either channel or channels, got: none'],
  [{ channels: ['c'] }, '400 an event must have either channel or channels, got: both'],
  [{ channel: undefined, channels: [] }, '400 channels must be a list of 1..100 names, got: a list of 0'],
  [{ channel: undefined, channels: names(101) }, '400 channels must be a list of 1..100 names, got: a list of 101'],
  [{ channel: undefined, channels: 'c' }, '400 channels must be a list of 1..100 names, got: "c"'],
  [{ channel: undefined, channels: { 0: 'c', length: 1 } }, '400 channels must be a list of 1..100 names, got: an object'],
  [{ channel: undefined, channels: ['c', 5] }, '400 a channel must be'],
  [{ channel: undefined, channels: ['c', null] }, '400 a channel must be'],
  [{ channel: undefined, channels: [['c']] }, '400 a channel must be'],
  [{ channel: undefined, channels: ['c', 'a b'] }, '400 a channel must be'],
  [{ channel: undefined, channels: ['private-encrypted-a', 'private-encrypted-b'] }, '400 channels must have at most one that is'],
  [{ channel: undefined, channels: ['private-encrypted-a', 'c', 'private-encrypted-cache-b'] }, '400 channels must have at most'],
]

/** [a batch's events, the refusal's beginning]. */
const badBatches: [unknown, string][] = [
  [undefined, '400 batch must be a list of 1..10 events, got: nothing'],
  [null, '400 batch must be a list of 1..10 events, got: nothing'],
  [[], '400 batch must be a list of 1..10 events, got: a list of 0'],
  [Array(11).fill(good), '400 Batch too large (11 > 10): batch must be a list of 1..10 events, got: a list of 11'],
  [{ 0: good, length: 1 }, '400 batch must be a list of 1..10 events, got: an object'],
  ['[]', '400 batch must be a list of 1..10 events, got: "[]"'],
  [[null], '400 an event must be a JSON object, got: nothing'],
  [[good, 'x'], '400 an event must be a JSON object, got: "x"'],
  [[[good]], '400 an event must be a JSON object, got: a list of 1'],
  [[{ ...good, channel: undefined }], '400 a channel must be'],
  [[{ ...good, channel: undefined, channels: ['c'] }], '400 a channel must be'],
]

test('bodies that are none', async (t) => {
  t.ok(malformed.length + badEvents.length + badTargets.length + badBatches.length >= 105)
  for (const [body, said] of malformed) {
    const trigger = outcome(() => parseTrigger(bytesOf(body), limits))
    t.ok(trigger.startsWith(said), `${JSON.stringify(body)}: ${trigger}`)
    t.equal(outcome(() => parseBatch(bytesOf(body), limits)), trigger, 'of either kind')
  }
})

test('events that are none', async (t) => {
  for (const [fields, said] of badEvents) {
    const event = { ...good, ...fields }
    const trigger = outcome(() => parseTrigger(bytesOf(event), limits))
    t.ok(trigger.startsWith(said), `${JSON.stringify(fields).slice(0, 80)}: ${trigger}`)
    t.equal(outcome(() => parseBatch(bytesOf({ batch: [good, event] }), limits)), trigger, 'in a batch too')
  }
})

test('channels of an event', async (t) => {
  for (const [fields, said] of badTargets) {
    const trigger = outcome(() => parseTrigger(bytesOf({ ...good, ...fields }), limits))
    t.ok(trigger.startsWith(said), `${JSON.stringify(fields).slice(0, 80)}: ${trigger}`)
  }
})

test('batches that are none', async (t) => {
  for (const [batch, said] of badBatches) {
    const refusal = outcome(() => parseBatch(bytesOf({ batch }), limits))
    t.ok(refusal.startsWith(said), `${JSON.stringify(batch)?.slice(0, 80)}: ${refusal}`)
  }
})

test('an event', async (t) => {
  const plain = { name: 'n', data: 'd', channels: ['c'], socketId: null, info: [] }
  const cases: [Record<string, unknown>, Record<string, unknown>][] = [
    [{}, {}],
    [{ socket_id: null, info: null, channels: null }, {}],
    [{ info: '' }, {}],
    [{ foreign: { deep: [1] }, __proto__: null }, {}],
    [{ socket_id: '123.456' }, { socketId: '123.456' }],
    [{ info: 'user_count' }, { info: ['user_count'] }],
    [{ info: 'subscription_count, user_count' }, { info: ['subscription_count', 'user_count'] }],
    [{ data: '' }, { data: '' }],
    [{ data: 'x'.repeat(10_240) }, { data: 'x'.repeat(10_240) }],
    [{ data: '€'.repeat(3413) }, { data: '€'.repeat(3413) }],
    [{ name: 'é'.repeat(200) }, { name: 'é'.repeat(200) }],
    [{ name: 'pusher:anything' }, { name: 'pusher:anything' }],
    [{ channel: '__proto__' }, { channels: ['__proto__'] }],
    [{ channel: 'aA0_-=@,.;' }, { channels: ['aA0_-=@,.;'] }],
    [{ channel: 'x'.repeat(164) }, { channels: ['x'.repeat(164)] }],
    [{ channel: '#server-to-user-Jürgen /:*' }, { channels: ['#server-to-user-Jürgen /:*'] }],
    [{ channel: undefined, channels: ['a', 'b', 'a'] }, { channels: ['a', 'b'] }],
    [{ channel: undefined, channels: names(100) }, { channels: names(100) }],
    [{ channel: undefined, channels: ['private-encrypted-a'] }, { channels: ['private-encrypted-a'] }],
    [{ channel: undefined, channels: ['private-encrypted-a', 'c'] }, { channels: ['private-encrypted-a', 'c'] }],
  ]
  for (const [fields, expected] of cases) {
    const trigger = parseTrigger(bytesOf({ ...good, ...fields }), limits)
    t.strictSame(trigger, { ...plain, ...expected }, JSON.stringify(fields).slice(0, 80))
  }
})

test('a batch', async (t) => {
  const batch = [good, { ...good, channel: 'private-encrypted-a' }, { ...good, channel: 'private-encrypted-b', info: 'user_count' }]
  t.strictSame(parseBatch(bytesOf({ batch }), limits), [
    { name: 'n', data: 'd', channels: ['c'], socketId: null, info: [] },
    { name: 'n', data: 'd', channels: ['private-encrypted-a'], socketId: null, info: [] },
    { name: 'n', data: 'd', channels: ['private-encrypted-b'], socketId: null, info: ['user_count'] },
  ])
  t.equal(parseBatch(bytesOf({ batch: Array(10).fill(good) }), limits).length, 10)
})

test('the last of several equal keys counts, and no key reaches a prototype', async (t) => {
  const body = '{"name":"a","__proto__":{"data":"x","polluted":1},"data":"b","channel":"c","name":"z"}'
  t.match(parseTrigger(Buffer.from(body), limits), { name: 'z', data: 'b' })
  t.equal(({} as Record<string, unknown>)['polluted'], undefined)
  const noData = '{"name":"a","__proto__":{"data":"x"},"channel":"c"}'
  t.match(outcome(() => parseTrigger(Buffer.from(noData), limits)), /^400 data must be a string, got: nothing/)
})

test('depth is nobody\'s business', async (t) => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  const said = outcome(() => parseTrigger(Buffer.from(`{"name":"n","data":"d","channel":"c","x":${deep}}`), limits))
  t.match(said, /^\{"name":"n"/)
  t.match(outcome(() => parseTrigger(Buffer.from(`{"name":${deep}}`), limits)), /^400 /)
  t.match(outcome(() => parseTrigger(Buffer.from('['.repeat(100_000)), limits)), /^400 a body must be JSON/)
})

test('limits of the app', async (t) => {
  const own = appConfig({ limits: { payloadBytesMax: 3, channelsPerEventMax: 1, batchEventsMax: 1 } }).limits
  t.match(outcome(() => parseTrigger(bytesOf({ ...good, data: 'abcd' }), own)), /^413 .* data must be at most 3 bytes, got: 4/)
  t.match(outcome(() => parseTrigger(bytesOf({ ...good, data: '€' }), own)), /^\{/)
  const two = bytesOf({ ...good, channel: null, channels: ['a', 'b'] })
  t.match(outcome(() => parseTrigger(two, own)), /^400 channels must be a list of 1\.\.1 /)
  t.match(outcome(() => parseBatch(bytesOf({ batch: [good, good] }), own)), /^400 Batch too large \(2 > 1\): batch must be a list of 1\.\.1 /)
})
