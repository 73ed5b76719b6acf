import { test } from 'tap'
import type { PusherSession } from '../../../src/pusher/session.js'
import { SignedInUsers } from '../../../src/pusher/users.js'

test('a user is online while one connection is signed in', async (t) => {
  const users = new SignedInUsers()
  const [one, two] = [{ id: 1 }, { id: 2 }] as unknown as [PusherSession, PusherSession]
  t.notOk(users.isOnline('ada'))
  t.ok(users.add('ada', one))
  t.notOk(users.add('ada', one), 'again')
  t.notOk(users.add('ada', two))
  t.strictSame(users.sessions('ada'), [one, two])
  t.notOk(users.remove('ada', one))
  t.notOk(users.remove('ada', one), 'again')
  t.ok(users.isOnline('ada'))
  t.ok(users.remove('ada', two))
  t.notOk(users.isOnline('ada'))
  t.notOk(users.remove('ada', two))
  t.strictSame(users.sessions('ada'), [])
})
