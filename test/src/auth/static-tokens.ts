import { test } from 'tap'
import { grantsFor } from '../../../src/auth/grants.js'
import { writtenSecret } from '../../../src/config/secrets.js'
import { staticToken, StaticTokens } from '../../../src/auth/static-tokens.js'
import { timingDifference } from '../../support/auth/timing.js'

const feed = grantsFor({ publish: ['prices/*'] }, 'feed')
const reader = grantsFor({ subscribe: ['**'], api: ['read'] }, 'reader')

function tokensOf(...secrets: string[]): StaticTokens {
  return new StaticTokens(secrets.map((secret, at) => staticToken(at === 0 ? 'feed' : `reader-${at}`, writtenSecret(secret), at === 0 ? feed : reader)))
}

test('whose token it is', async (t) => {
  const tokens = tokensOf('the-token-of-the-feed', 'the-token-of-a-reader')
  t.strictSame(tokens.find('the-token-of-the-feed'), { way: 'tokens', name: 'feed', subject: 'feed', grants: feed, expiresAt: null })
  t.equal(tokens.find('the-token-of-a-reader')?.grants, reader, 'the same object')
  for (const wrong of ['', 'the-token-of-the-fee', 'the-token-of-the-feeds', 'The-token-of-the-feed', 'the-token-of-the-feed ', 'x'.repeat(8192)]) t.equal(tokens.find(wrong), null)
  t.equal(new StaticTokens([]).find(''), null)
})

/** Leaks: it ends with the first difference. */
function naive(one: Buffer, other: Buffer): boolean {
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false
  return true
}

test('how long it takes does not tell how near a guess is', async (t) => {
  const secret = 'k'.repeat(4096)
  const near = `${secret.slice(0, -1)}x`
  const far = `x${secret.slice(1)}`
  const tokens = tokensOf(secret, 'another', 'a third one')
  // Other programs of the machine disturb a round; a difference of the code is in all of them.
  const leastOf = (ways: [() => unknown, () => unknown], rounds: number) => Math.min(...Array.from({ length: rounds }, () => timingDifference(ways, 10_000)))
  const bytes = [secret, near, far].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer]
  const leak = leastOf([() => naive(bytes[0], bytes[1]), () => naive(bytes[0], bytes[2])], 2)
  t.ok(leak > 10, `what leaks is noticed: t = ${leak.toFixed(1)}`)
  const guess = leastOf([() => tokens.find(near), () => tokens.find(far)], 5)
  t.ok(guess < 4.5, `near and far: t = ${guess.toFixed(1)}`)
})
