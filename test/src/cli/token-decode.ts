import { test } from 'tap'
import { decodeToken } from '../../../src/cli/token-decode.js'
import { unsigned } from '../../support/auth/sign.js'

const now = Date.UTC(2026, 0, 15, 12)

test('what a token says', async (t) => {
  const claims = { sub: 'alice', iat: now / 1000 - 60, exp: now / 1000 + 3600, nbf: 1e300 }
  t.strictSame(decodeToken(unsigned({ alg: 'none' }, claims), now), {
    header: { alg: 'none' }, claims, verified: false,
    dates: { iat: '2026-01-15T11:59:00.000Z (1 minutes ago)', nbf: 'no date', exp: '2026-01-15T13:00:00.000Z (in 60 minutes)' },
  })
})

test('what is no token', async (t) => {
  for (const text of ['', 'x', 'a.b.c', unsigned('{"alg"', {}), unsigned({}, '[]'), unsigned({}, 'x')]) {
    t.throws(() => decodeToken(text, now), { name: 'CommandError', message: /^this is no JWT: three parts/ }, text)
  }
})
