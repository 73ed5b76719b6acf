/** A broker in a process of its own, whose event loop stands still for as long as the test wants. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { BrokerOptions } from '../../../src/index.js'
import { soon } from './eventually.js'

interface Test {
  teardown(task: () => unknown): void
}

export interface HeldBroker {
  readonly port: number
  /** Memory of its process at the moment. */
  residentBytes(): number
  /** Stops its event loop; resolves when it stands still. */
  hold(): Promise<void>
  /** Lets it go on; resolves when it does. */
  release(): Promise<void>
}

/** Starts it on free ports of 127.0.0.1. */
export async function startHeldBroker(t: Test, pusher: NonNullable<BrokerOptions['pusher']>): Promise<HeldBroker> {
  const free = { hosts: ['127.0.0.1'], port: 0 }
  const options: BrokerOptions = { publish: free, subscribe: free, pusher: { ...pusher, ...free } }
  const program = new URL('pusher-broker-process.ts', import.meta.url)
  const child = fork(program, [JSON.stringify(options)], { stdio: ['pipe', 'inherit', 'inherit', 'ipc'] })
  t.teardown(() => child.kill('SIGKILL'))
  const told = (what: string) => soon(what, once(child, 'message'))
  const [{ port }] = await told('the broker') as [{ port: number }]
  return {
    port,
    residentBytes: () => 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]),
    async hold() {
      child.send('hold')
      await told('the event loop to stand still')
    },
    async release() {
      const released = told('the event loop to go on')
      child.stdin?.write('x')
      await released
    },
  }
}
