import { test } from 'tap'
import * as all from '../../../src/pusher/messages.js'

const {
  cacheMiss, channelEvent, connectionEstablished, emptyData, errorMessage, pong, signinSuccess, subscriptionError, subscriptionSucceeded, watchlistEvents,
} = all

const messages: readonly (readonly [text: string, expected: string])[] = [
  [pong, '{"event":"pusher:pong","data":"{}"}'],
  [connectionEstablished('123.456', 120), '{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"123.456\\",\\"activity_timeout\\":120}"}'],
  [errorMessage({ code: 4001, message: 'no' }), '{"event":"pusher:error","data":{"message":"no","code":4001}}'],
  [errorMessage({ code: null, message: 'no' }), '{"event":"pusher:error","data":{"message":"no","code":null}}'],
  [subscriptionSucceeded('a', '{}'), '{"event":"pusher_internal:subscription_succeeded","channel":"a","data":"{}"}'],
  [
    subscriptionError('a', { type: 'AuthError', error: 'no', status: 401 }),
    '{"event":"pusher:subscription_error","channel":"a","data":"{\\"type\\":\\"AuthError\\",\\"error\\":\\"no\\",\\"status\\":401}"}',
  ],
  [cacheMiss('a'), '{"event":"pusher:cache_miss","channel":"a"}'],
  [channelEvent('e', 'a', '"\n'), '{"event":"e","channel":"a","data":"\\"\\n"}'],
  [signinSuccess('{"id":"a"}'), '{"event":"pusher:signin_success","data":"{\\"user_data\\":\\"{\\\\\\"id\\\\\\":\\\\\\"a\\\\\\"}\\"}"}'],
  [
    watchlistEvents([{ name: 'online', user_ids: ['a'] }]),
    '{"event":"pusher_internal:watchlist_events","data":"{\\"events\\":[{\\"name\\":\\"online\\",\\"user_ids\\":[\\"a\\"]}]}"}',
  ],
]

test('messages, byte for byte', async (t) => {
  for (const [text, expected] of messages) t.equal(text, expected)
})

test('what a client chose cannot end a message', async (t) => {
  const text = subscriptionError('"},{\ud800\u2028', { type: 'AuthError', error: '"', status: 401 })
  t.match(JSON.parse(text), { channel: '"},{\ud800\u2028' })
})

/**
 * Clients in typed languages have `data` as a text and hear nothing of a message, or end, when it is something else. `pusher:error` alone
 * is an object: Pusher's documents say so, and its client for Swift reads no other.
 */
test('data is a text in every message that has one, but for the one that Pusher documents as an object', async (t) => {
  const subject = (text: string) => JSON.parse(text) as { event: string, data?: unknown }
  for (const [text] of messages) {
    const { event, data } = subject(text)
    if (event === 'pusher:error') t.type(data, 'object', text)
    else if (data !== undefined) t.type(data, 'string', text)
  }
  const withData = messages.filter(([text]) => 'data' in subject(text))
  t.equal(withData.length, messages.length - 1, 'all but cache_miss')
  const made = Object.entries(all).filter(([name]) => name !== 'emptyData')
  t.equal(new Set(messages.map(([text]) => subject(text).event)).size, made.length, 'each message of the module is in the table')
  t.equal(emptyData, '{}')
})
