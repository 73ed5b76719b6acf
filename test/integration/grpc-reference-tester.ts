/** The gRPC reference tester against one broker: 100 messages, or REFERENCE_MESSAGES. Its figures are comments. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { soon } from './support/eventually.js'
import type { GrpcReferenceResult } from './support/grpc-reference-tester.js'

const messages = Number(process.env['REFERENCE_MESSAGES'] ?? 100)

test(`1000 of 1000 streams, ${messages} times on one connection`, async (t) => {
  const { grpcPort } = await startBroker(t)
  const program = new URL('support/grpc-reference-tester.ts', import.meta.url)
  const child = fork(program, [String(grpcPort), String(messages)])
  t.teardown(() => child.kill('SIGKILL'))
  const [result] = await soon('the result', once(child, 'message')) as [GrpcReferenceResult]
  t.strictSame(result.delivered, Array.from({ length: messages }, () => 1000))
  const sorted = [...result.totalMs ?? []].sort((a, b) => a - b)
  t.comment(`total p50 ${sorted[sorted.length >> 1]?.toFixed(1)} ms, max ${sorted.at(-1)?.toFixed(1)} ms, most of it the client's`)
})
