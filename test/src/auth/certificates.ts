import { test } from 'tap'
import { Certificates } from '../../../src/auth/certificates.js'
import { grantsFor } from '../../../src/auth/grants.js'

const feed = grantsFor({ publish: ['**'] }, 'feed.internal')
const reader = grantsFor({ subscribe: ['**'] }, 'reader')
const spiffe = 'spiffe://example/feed'
const certificates = new Certificates([
  { subject: 'feed.internal', grants: feed }, { subject: spiffe, grants: reader }, { subject: 'feed.internal', grants: reader },
])
const expiresAt = Date.UTC(2027, 0)

test('common names and URIs, exactly', async (t) => {
  t.strictSame(certificates.find({ commonName: 'feed.internal', uris: [], expiresAt }), { way: 'certificates', name: 'feed.internal', subject: 'feed.internal', grants: feed, expiresAt })
  t.match(certificates.find({ commonName: null, uris: ['https://x', spiffe], expiresAt }), { subject: spiffe, grants: reader })
  t.equal(certificates.find({ commonName: 'feed.internal', uris: [spiffe], expiresAt })?.grants, feed, 'the first rule that names it')
  for (const commonName of [null, '', 'Feed.internal', 'feed.internal ', 'feed.internal\0', 'xfeed.internal', 'feed']) {
    t.equal(certificates.find({ commonName, uris: ['spiffe://example/feed/', 'spiffe://example'], expiresAt }), null, JSON.stringify(commonName))
  }
})
