/** A broker inside the test's process, for tests that look at its statistics and events. */

import { createBroker, type Broker, type BrokerOptions } from '../../../src/index.js'
import { overTls, scheme } from '../../support/over-tls.js'

interface Test {
  teardown(task: () => unknown): void
}

export interface Embedded {
  readonly broker: Broker
  readonly publishPort: number
  readonly subscribePort: number
  /** `ws://127.0.0.1:PORT`, without a path; `wss://` over TLS. */
  readonly publishUrl: string
  readonly subscribeUrl: string
}

/** Starts on free ports of 127.0.0.1. */
export async function embed(t: Test, options: BrokerOptions = {}): Promise<Embedded> {
  const hosts = ['127.0.0.1']
  const broker = await createBroker({ tls: overTls()?.pair ?? null, ...options, publish: { ...options.publish, hosts, port: 0 }, subscribe: { ...options.subscribe, hosts, port: 0 } })
  t.teardown(() => broker.stop())
  const portOf = (name: string) => broker.listeners.find(({ protocol }) => protocol === name)?.port ?? 0
  const publishPort = portOf('websocket-publish')
  const subscribePort = portOf('websocket-subscribe')
  return {
    broker, publishPort, subscribePort,
    publishUrl: `${scheme('ws')}://127.0.0.1:${publishPort}`,
    subscribeUrl: `${scheme('ws')}://127.0.0.1:${subscribePort}`,
  }
}
