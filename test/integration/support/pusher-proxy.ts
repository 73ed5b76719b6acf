/** A line between clients and the broker that can be held, so that nothing passes and the broker feels it, or cut. */

import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

interface Test {
  teardown(task: () => unknown): void
}

export interface Proxy {
  readonly port: number
  /** Stops what goes to the clients of now. */
  hold(): void
  release(): void
  /** Where the next connections lead. */
  leadTo(target: number): void
  /** Ends the connections of now without a word. */
  cut(): void
}

export async function startProxy(t: Test, first: number): Promise<Proxy> {
  let target = first
  const upstreams = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    upstreams.add(upstream)
    upstream.on('error', () => {}).pipe(client)
    client.on('error', () => upstream.destroy()).pipe(upstream)
    upstream.once('close', () => {
      upstreams.delete(upstream)
      client.destroy()
    })
    t.teardown(() => {
      client.destroy()
      upstream.destroy()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return {
    port: (server.address() as AddressInfo).port,
    hold() {
      for (const upstream of upstreams) upstream.pause()
    },
    release() {
      for (const upstream of upstreams) upstream.resume()
    },
    leadTo(next) {
      target = next
    },
    cut() {
      for (const upstream of upstreams) upstream.resetAndDestroy()
    },
  }
}
