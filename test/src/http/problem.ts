import { test } from 'tap'
import { problem } from '../../../src/http/problem.js'

test('a problem', async (t) => {
  const { status, headers, body } = problem(503, 'a "detail"', { 'retry-after': '1' })
  t.equal(status, 503)
  t.strictSame(headers, { 'retry-after': '1', 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
  t.strictSame(JSON.parse(String(body)), { type: 'about:blank', title: 'Service Unavailable', status: 503, detail: 'a "detail"' })
})
