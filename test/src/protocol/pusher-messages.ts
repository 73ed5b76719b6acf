import { test } from 'tap'
import {
  cacheMiss, channelEvent, connectionEstablished, errorMessage, signinSuccess, subscriptionError, subscriptionSucceeded, watchlistEvents,
} from '../../../src/protocol/pusher-messages.js'

const messages: readonly (readonly [text: string, expected: string])[] = [
  [connectionEstablished('123.456', 120), '{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"123.456\\",\\"activity_timeout\\":120}"}'],
  [errorMessage({ code: 4001, message: 'no' }), '{"event":"pusher:error","data":{"message":"no","code":4001}}'],
  [errorMessage({ code: null, message: 'no' }), '{"event":"pusher:error","data":{"message":"no","code":null}}'],
  [subscriptionSucceeded('a', '{}'), '{"event":"pusher_internal:subscription_succeeded","channel":"a","data":"{}"}'],
  [
    subscriptionError('a', { type: 'AuthError', error: 'no', status: 401 }),
    '{"event":"pusher:subscription_error","channel":"a","data":{"type":"AuthError","error":"no","status":401}}',
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
