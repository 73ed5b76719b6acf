import { test } from 'tap'
import { checkChannel, checkEventName, checkSocketId, checkUserId, traitsOf } from '../../../../src/pusher/http/names.js'

test('valid names come back as they are', async (t) => {
  t.equal(checkChannel('presence-a'), 'presence-a')
  t.equal(checkChannel('#server-to-user-7'), '#server-to-user-7')
  t.equal(checkUserId('7'), '7')
  t.equal(checkEventName('client-é'), 'client-é')
  t.equal(checkSocketId('1.2'), '1.2')
  t.strictSame([checkSocketId(null), checkSocketId(undefined)], [null, null])
  t.match(traitsOf('private-encrypted-cache-x'), { access: 'private', encrypted: true, cache: true })
})

test('others are refused with 400', async (t) => {
  for (const check of [checkChannel, checkUserId, checkEventName, checkSocketId, traitsOf]) {
    for (const wrong of ['', '\u0000', 5, true, {}, [], 'x'.repeat(1000)]) {
      t.throws(() => check(wrong), { status: 400, message: /, got: / }, `${check.name} ${JSON.stringify(wrong).slice(0, 10)}`)
    }
  }
})
