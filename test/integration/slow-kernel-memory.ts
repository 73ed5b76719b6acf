/** A stuck subscriber costs at most 256 KiB of the kernel's memory for sending. */

import { test } from 'tap'
import { sendQueueBytes } from './support/proc.js'
import { startStuck } from './support/stuck.js'

test('the send queue of a stuck subscriber', async (t) => {
  const { stuck, subscribePort, publish, broker } = await startStuck(t, {
    policy: 'drop-oldest', bytesBehindMax: 2 ** 20, ageMaxMs: 3_600_000,
  })
  await publish(8000)
  t.ok(broker.stats()['slow_events'] ?? 0, 'the kernel refuses more')
  const queued = sendQueueBytes(subscribePort, stuck.socket.localPort ?? 0) ?? 0
  t.ok(queued > 0 && queued <= 256 * 1024, `at most 256 KiB, got: ${queued}`)
})
