import { test } from 'tap'
import { createToken } from '../../../src/cli/token-create.js'
import { verifyToken, type VerifyOptions } from '../../../src/cli/token-verify.js'
import { feedToken, tokenFiles } from '../../support/auth/token-files.js'

test('listed tokens and topics', async (t) => {
  const path = tokenFiles(t)
  const verify = (token: string, options: VerifyOptions = {}) => verifyToken(token, { config: path('broker.yaml'), ...options }, {})
  t.strictSame(await verify(feedToken, { publish: ['prices/eur'] }), { way: 'tokens', subject: 'feed', expires: null, grants: { publish: ['prices/*'], subscribe: [], api: [] } })
  const refused = (token: string, options: VerifyOptions, message: string) => t.rejects(verify(token, options), { name: 'CommandError', message })
  await refused(feedToken, { publish: ['prices/eur', 'other'] }, 'refused (topic): no pattern lets publish "other", got: prices/*')
  await refused(feedToken, { subscribe: ['prices/eur'] }, 'refused (topic): no pattern lets subscribe "prices/eur", got: no patterns')
  await refused('another-token', {}, 'refused (unknown-token): the configuration does not list it, and it is no JWT that it could verify')
  await refused(await createToken({ keyFile: path('rsa.key'), expiresIn: '1h' }, Date.now()), {}, 'refused (unknown-key): there is no key for RS256')
  await refused(await createToken({ secretFile: path('jwt.secret'), expiresIn: '1h' }, 0), {}, 'refused (expired): the token ended at 1970-01-01T01:00:00.000Z')
})

test('a configuration from the environment, and none', async (t) => {
  const env = { BROKER_AUTH_TOKENS: `[{name: feed, secret: ${feedToken}}]` }
  t.match(await verifyToken(feedToken, {}, env), { subject: 'feed' })
  await t.rejects(verifyToken(feedToken, {}, {}), { name: 'UsageError', message: /^the configuration must have a section auth .*, got: none$/ })
})
