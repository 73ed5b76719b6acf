import { createHash, createHmac, randomBytes } from 'node:crypto'
import { test } from 'tap'
import { md5With, textHmac, type OneCallHash } from '../../../../src/pusher/http/digest.js'

/** crypto.hash, of which older ones know nothing, out of what they have. */
const slowHash = ((algorithm: string, data: Uint8Array, encoding: 'hex' | 'buffer') => {
  const hash = createHash(algorithm).update(data)
  return encoding === 'hex' ? hash.digest('hex') : hash.digest()
}) as OneCallHash

const ways = [
  ['of this Node', textHmac],
  ['with hashes in one call', (secret: Buffer) => textHmac(secret, slowHash)],
  ['without them', (secret: Buffer) => textHmac(secret, null)],
] as const

/** RFC 4231 §4.2, §4.3, §4.7, §4.8: [key, text, HMAC-SHA256]. */
const vectors: [Buffer, string, string][] = [
  [Buffer.alloc(20, 0x0b), 'Hi There', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  [Buffer.from('Jefe'), 'what do ya want for nothing?', '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
  [
    Buffer.alloc(131, 0xaa), 'Test Using Larger Than Block-Size Key - Hash Key First',
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  [
    Buffer.alloc(131, 0xaa), 'This is a test using a larger than block-size key and a larger than block-size data. ' +
      'The key needs to be hashed before being used by the HMAC algorithm.',
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  ],
]

test('published vectors', async (t) => {
  for (const [way, hmac] of ways) {
    for (const [secret, text, digest] of vectors) t.equal(hmac(secret)(text).toString('hex'), digest, `${way}: ${text}`)
  }
})

test('keys and texts of all lengths, one after another through the same space', async (t) => {
  for (const [way, make] of ways) {
    let wrong = 0
    for (let length = 0; length < 300; length++) {
      const secret = randomBytes(length)
      const hmac = make(secret)
      for (const text of ['x'.repeat(length * 20), 'é€😀'.repeat(length), '\ud800'.repeat(length), '']) {
        if (!hmac(text).equals(createHmac('sha256', secret).update(text).digest())) wrong++
      }
    }
    t.equal(wrong, 0, way)
  }
})

test('secrets do not mix', async (t) => {
  const [a, b] = [textHmac(Buffer.from('a')), textHmac(Buffer.from('b'))]
  const first = a('text')
  t.notSame(b('text'), first)
  t.strictSame(a('text'), first)
})

test('MD5', async (t) => {
  const data = Buffer.from('body')
  const digest = createHash('md5').update(data).digest('hex')
  t.equal(md5With()(data), digest)
  t.equal(md5With(slowHash)(data), digest)
  t.equal(md5With(null)(data), digest)
})
