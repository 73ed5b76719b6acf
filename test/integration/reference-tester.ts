/**
 * The reference tester against one broker, several times in a row: 3 times, or REFERENCE_RUNS times. Its figures are
 * comments; speed is the benchmarks' business.
 */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import type { ReferenceResult } from './support/reference-tester.js'

const clients = 1000
const runs = Number(process.env['REFERENCE_RUNS'] ?? 3)

test(`1000 of 1000 deliveries, ${runs} times`, { timeout: runs * 20_000 }, async (t) => {
  const { publishPort, subscribePort } = await startBroker(t)
  const program = new URL('support/reference-tester.ts', import.meta.url)
  for (let run = 1; run <= runs; run += 1) {
    const child = fork(program, [`ws://localhost:${publishPort}`, `ws://localhost:${subscribePort}`])
    t.teardown(() => child.kill('SIGKILL'))
    const ended = once(child, 'exit')
    const [result] = await once(child, 'message') as [ReferenceResult]
    await ended
    t.match(result, { delivered: clients, messages: clients }, `run ${run}`)
    t.comment(`total ${result.totalMs.toFixed(1)} ms, spread ${result.spreadMs.toFixed(1)} ms`)
  }
})
