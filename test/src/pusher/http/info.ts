import { test } from 'tap'
import { attributesByChannel, attributesOf, parseInfo } from '../../../../src/pusher/http/info.js'
import { FakeApp } from '../../../support/pusher/http/fake-app.js'

test('attributes that are offered', async (t) => {
  t.strictSame(parseInfo('user_count', ['user_count']), ['user_count'])
  t.strictSame(parseInfo(' user_count , cache ', ['user_count', 'cache']), ['user_count', 'cache'])
  for (const none of [undefined, null, '']) t.strictSame(parseInfo(none, ['cache']), [])
  for (const wrong of ['cache', 'user_count,cache', ',', ' ', 5, {}, ['user_count'], `user_count${' '.repeat(100)}`]) {
    const refusal = { status: 400, message: /^info must be a list of user_count, got: / }
    t.throws(() => parseInfo(wrong, ['user_count']), refusal, String(wrong))
  }
})

test('attributes that a channel has', async (t) => {
  const app = new FakeApp()
  app.occupied.push({ name: 'presence-cache-a', subscriptionCount: 3, userCount: 2 })
  const all = ['user_count', 'subscription_count', 'cache'] as const
  t.strictSame(attributesOf(app, 'presence-cache-a', all), { user_count: 2, subscription_count: 3, cache: null })
  t.strictSame(attributesOf(app, 'cache-b', all), { subscription_count: 0, cache: null })
  t.strictSame(attributesOf(app, 'presence-cache-a', []), {})
})

test('every name is a key', async (t) => {
  const channels = attributesByChannel([['__proto__', { user_count: 1 }], ['constructor', {}]])
  t.equal(JSON.stringify(channels), '{"__proto__":{"user_count":1},"constructor":{}}')
})
