import { test } from 'tap'
import { memberAdded, memberRemoved, PresenceMembers } from '../../../src/pusher/presence.js'

test('a user is there from the first connection to the last', async (t) => {
  const members = new PresenceMembers()
  t.ok(members.add({ userId: 'a', info: '{"n":1}' }))
  t.notOk(members.add({ userId: 'a', info: '{"n":2}' }))
  t.ok(members.add({ userId: 'b', info: 'null' }))
  t.equal(members.count, 2)
  t.strictSame(JSON.parse(members.snapshot()), { presence: { ids: ['a', 'b'], hash: { a: { n: 1 }, b: null }, count: 2 } })
  t.notOk(members.remove('a'))
  t.ok(members.has('a'))
  t.ok(members.remove('a'))
  t.notOk(members.remove('a'), 'gone')
  t.strictSame(members.ids(), ['b'])
})

test('ids that are special to objects', async (t) => {
  const members = new PresenceMembers()
  for (const userId of ['__proto__', 'constructor', '2', '1', '"']) members.add({ userId, info: '{"x":1}' })
  const { presence } = JSON.parse(members.snapshot()) as { presence: { ids: string[], hash: object, count: number } }
  t.strictSame(presence.ids, ['__proto__', 'constructor', '2', '1', '"'])
  t.strictSame(Object.keys(presence.hash).sort(), [...presence.ids].sort())
  t.equal(presence.count, 5)
})

test('events', async (t) => {
  t.strictSame(JSON.parse(memberAdded({ userId: '"a"', info: '{"n":[1]}' })), { user_id: '"a"', user_info: { n: [1] } })
  t.strictSame(JSON.parse(memberRemoved('a')), { user_id: 'a' })
})
