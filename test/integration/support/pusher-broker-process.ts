/**
 * A program that embeds a broker and whose event loop can be held: node pusher-broker-process.ts OPTIONS. Its parent is told the
 * port; a message `hold` stops the event loop until a byte comes on standard input, which is told before and after.
 */

import { readSync } from 'node:fs'
import { createBroker, type BrokerOptions } from '../../../src/index.js'

const broker = await createBroker(JSON.parse(process.argv[2] ?? '') as BrokerOptions)

const never = new Int32Array(new SharedArrayBuffer(4))

/** Waits for a byte without the event loop, which is the only one that could be told of it. */
function hold(): void {
  for (;;) {
    try {
      readSync(0, Buffer.alloc(1))
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(never, 0, 0, 5)
    }
  }
  process.send?.('released')
}

process.on('message', () => process.send?.('held', hold))
process.send?.({ port: broker.listeners.find(({ protocol }) => protocol === 'pusher')?.port })
