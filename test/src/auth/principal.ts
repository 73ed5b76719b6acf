import { test } from 'tap'
import { noGrants } from '../../../src/auth/grants.js'
import { isPrincipal, nobody, shown } from '../../../src/auth/principal.js'

test('what others wrote is shown short, quoted and on one line', async (t) => {
  t.equal(shown('alice'), '"alice"')
  t.equal(shown('a\n"b"\u001b[31m\u0085'), String.raw`"a\n\"b\"\u001b[31m\u{85}"`)
  t.equal(shown('x'.repeat(65)), `"${'x'.repeat(64)}…"`)
  t.equal(shown('x'.repeat(64)), `"${'x'.repeat(64)}"`)
})

test('somebody and nobody', async (t) => {
  t.ok(isPrincipal({ way: 'tokens', name: 'feed', subject: 'feed', grants: noGrants, expiresAt: null }))
  t.notOk(isPrincipal(nobody('unknown-token', 'why')))
})
