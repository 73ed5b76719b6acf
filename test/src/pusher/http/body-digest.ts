import { test } from 'tap'
import { bodyDigest } from '../../../../src/pusher/http/body-digest.js'
import { FakeApp } from '../../../support/pusher/http/fake-app.js'
import { ask, askWith, md5 } from '../../../support/pusher/http/signed-request.js'

/** As Node's, where OpenSSL keeps to FIPS 140. */
function refusing(): never {
  throw Object.assign(new Error('error:0308010C:digital envelope routines::unsupported'), { code: 'ERR_OSSL_EVP_UNSUPPORTED' })
}

const event = JSON.stringify({ name: 'changed', channel: 'prices', data: '1' })
const problem = 'body_md5 must be checked with MD5, which this system refuses (FIPS?), got: ERR_OSSL_EVP_UNSUPPORTED'

test('the digest of a body', async (t) => {
  t.equal(bodyDigest(() => t.fail('nothing to tell'))(Buffer.from(event)), md5(event))
})

test('without MD5 whoever asks is told why, and the log once', async (t) => {
  const app = new FakeApp()
  const lines: string[] = []
  const digest = bodyDigest((line) => lines.push(line), refusing)
  for (let round = 0; round < 3; round++) {
    const { status, headers, body } = await askWith({ digest }, { body: event }, app)
    t.strictSame([status, headers['content-type'], body], [501, 'text/plain; charset=utf-8', `${problem}\n`])
  }
  t.strictSame(lines, [`requests with a body are answered 501: ${problem}`])
  t.strictSame(app.published, [], 'nothing is published that was not checked')
  t.equal((await askWith({ digest }, { method: 'GET', path: '/apps/3/channels' }, app)).status, 200, 'who sends no body needs none')
  t.equal((await askWith({ digest }, { body: event, secret: 'another secret' }, app)).status, 401, 'who cannot sign learns nothing of it')
  t.equal((await ask({ body: event }, app)).status, 200)
})

test('what is thrown without a code is told as it is', async (t) => {
  const digest = bodyDigest(() => {}, () => { throw new Error('no digest') })
  t.throws(() => digest(Buffer.from('a')), { status: 501, message: /, got: no digest$/ })
  t.throws(() => bodyDigest(() => {}, () => { throw 'nothing' })(Buffer.from('a')), { status: 501, message: /, got: nothing$/ })
})
