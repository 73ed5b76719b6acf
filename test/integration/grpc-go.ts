/** A client of Go's grpc package: another implementation of HTTP/2, HPACK and flow control, in the reference tester's shape. */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { soon } from './support/eventually.js'
import { buildGo, missingGo } from './support/go-program.js'

const run = promisify(execFile)
const missing = missingGo()

interface Result {
  readonly ok: boolean
  readonly deliveries: number
  readonly totalUs: { readonly p50: number }
}

test('1000 of 1000 streams for each message, small and large', { skip: missing ?? false }, async (t) => {
  const program = buildGo(t.testdir())
  const { grpcPort } = await startBroker(t)
  for (const [bytes, rounds] of [[12, 100], [1024, 30], [40_000, 3]] as const) {
    const flags = ['--address', `127.0.0.1:${grpcPort}`, '--data-bytes', String(bytes), '--rounds', String(rounds), '--warmup', '0']
    const { stdout } = await soon(`${rounds} messages of ${bytes} bytes`, run(program, ['tester', ...flags]))
    const result = JSON.parse(stdout) as Result
    t.match(result, { ok: true, deliveries: rounds * 1000 }, `${bytes} bytes`)
    t.comment(`${bytes} bytes: total p50 ${(result.totalUs.p50 / 1000).toFixed(1)} ms, most of it the client's`)
  }
})
