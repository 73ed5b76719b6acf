import { test } from 'tap'
import { channelTraits, type ChannelTraits } from '../../../src/pusher/channel-name.js'
import { Channel } from '../../../src/pusher/channel.js'

function create(name: string): Channel {
  return new Channel(name, channelTraits(name) as ChannelTraits)
}

test('what is told of it', async (t) => {
  const [news, presence] = [create('news'), create('presence-a')]
  news.subscriptions = 3
  presence.subscriptions = 3
  presence.add({ userId: 'ada', info: 'null' })
  t.strictSame(news.info, { name: 'news', subscriptionCount: 3, userCount: null })
  t.strictSame(presence.info, { name: 'presence-a', subscriptionCount: 3, userCount: 1 })
})

test('the answer to a subscription follows the members', async (t) => {
  const channel = create('presence-a')
  const ids = () => (JSON.parse((JSON.parse(channel.succeeded) as { data: string }).data) as { presence: { ids: string[] } }).presence.ids
  t.strictSame(ids(), [])
  t.ok(channel.add({ userId: 'ada', info: 'null' }))
  t.strictSame(ids(), ['ada'])
  t.notOk(channel.add({ userId: 'ada', info: 'null' }))
  t.ok(channel.add({ userId: 'bob', info: 'null' }))
  t.strictSame(ids(), ['ada', 'bob'])
  t.notOk(channel.remove('ada'))
  t.strictSame(ids(), ['ada', 'bob'])
  t.ok(channel.remove('ada'))
  t.strictSame(ids(), ['bob'])
})

test('a channel without members', async (t) => {
  const channel = create('private-a')
  t.equal(channel.succeeded, '{"event":"pusher_internal:subscription_succeeded","channel":"private-a","data":"{}"}')
  t.notOk(channel.add({ userId: 'ada', info: 'null' }))
  t.notOk(channel.remove('ada'))
})
