import { test } from 'tap'
import { publishUrl, subscribeUrl } from '../../../src/cli/topic-url.js'

const base = 'ws://localhost:8001'

test('the topic is the path of a publication', async (t) => {
  t.equal(publishUrl(base, 'prices').href, 'ws://localhost:8001/prices')
  t.equal(publishUrl(base, 'a/b?c#d+é').href, 'ws://localhost:8001/a%2Fb%3Fc%23d%2B%C3%A9')
  t.equal(publishUrl('wss://h/', 'a').href, 'wss://h/a')
})

test('the topics are the query of a subscription', async (t) => {
  t.equal(subscribeUrl(base, ['a']).href, 'ws://localhost:8001/?topic=a')
  t.equal(subscribeUrl(base, ['a b', '..', '&']).href, 'ws://localhost:8001/?topic=a%20b&topic=..&topic=%26')
})

test('what no URL can hold', async (t) => {
  for (const topic of ['.', '..']) t.throws(() => publishUrl(base, topic), { message: `TOPIC must not be . or .., got: ${topic}` })
  t.throws(() => publishUrl(base, ''), { message: 'TOPIC must be 1 to 200 bytes, got: an empty one' })
  t.throws(() => publishUrl('http://h', 'a'), { message: '--url must be ws://<host>:<port> or wss://<host>:<port>, got: http://h' })
  t.throws(() => publishUrl('localhost', 'a'), { message: '--url must be ws://<host>:<port> or wss://<host>:<port>, got: localhost' })
  t.throws(() => subscribeUrl('ws://h/a', ['a']), { message: '--url must have no path (topics are arguments), got: ws://h/a' })
})
