/** Ports below the ephemeral range, for tests that bind the same one twice: no client of another test can take them between. */

import { once } from 'node:events'
import { createServer } from 'node:net'

const first = 20_000
const count = 10_000

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}

/** So many ports that nobody listens on; other ones for each process, most likely. */
export async function fixedPorts(wanted: number): Promise<number[]> {
  const ports: number[] = []
  for (let at = process.pid * 7; ports.length < wanted; at += 1) {
    const port = first + (at % count)
    if (await isFree(port)) ports.push(port)
  }
  return ports
}

export async function fixedPort(): Promise<number> {
  return (await fixedPorts(1))[0] ?? NaN
}
