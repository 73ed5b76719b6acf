import { test } from 'tap'
import { memoryShares, processBytes } from '../../../src/machine/memory-shares.js'

const MiB = 2 ** 20

test('all parts together are never more than there is beside the process', async (t) => {
  for (const memory of [160, 200, 256, 512, 1024, 4096, 65_536]) {
    const shares = memoryShares(memory * MiB)
    // Logs end at five quarters of their bound, and keep a sixteenth of it idle (LogMemory).
    const logs = shares.logBytesMax * 21 / 16
    const sendBuffers = 1000 * 2 * shares.sendBufferBytes
    const counted = shares.connectionsMax * 4096 + shares.topicsMax * 1024 + shares.streamsMax * 512
    const most = logs + sendBuffers + counted + shares.receiveBufferBytesMax + shares.streamBufferBytesMax + shares.retainedBytesMax + shares.historyBytesMax
    // The smallest send buffer is what a socket needs to be of use.
    if (memory > 256) t.ok(most <= memory * MiB - processBytes, `${memory} MiB: ${most / MiB}`)
    t.ok(logs + sendBuffers + shares.retainedBytesMax <= memory * MiB - processBytes, `${memory} MiB`)
  }
})

test('more memory is never less of anything', async (t) => {
  let before = memoryShares(0)
  for (let memory = 8; memory < 100_000; memory *= 1.3) {
    const now = memoryShares(memory * MiB)
    for (const key of Object.keys(now) as (keyof typeof now)[]) t.ok(now[key] >= before[key], `${key} of ${memory} MiB`)
    before = now
  }
})
