/**
 * Checks the checker: against servers that lose, repeat, reorder, corrupt, misroute, close or refuse, the load generator
 * must say so. Run it after changes to bench/load: `node dist/bench/check-load.js`.
 */

import { join } from 'node:path'
import { app } from './arm-configs.js'
import { grpcUrl, plainUrls, pusherUrls, type Family, type Ports } from './arm-urls.js'
import type { Arm } from './arms.js'
import { buildLoadGenerator, runLoad } from './load-generator.js'
import { benchFolder } from './paths.js'
import { startServer } from './server.js'

const plainModes = ['none', 'missing', 'duplicated', 'outOfOrder', 'corrupted', 'misrouted', 'closed', 'protocol']
const channels = [
  'channels', '--topics', '2', '--publishers', '2', '--subscribers', '40', '--rounds', '3', '--burst', '50', '--verify-every', '1',
  '--timeout-s', '2',
]

interface Check {
  readonly modes: readonly string[]
  readonly load: readonly string[]
  /** Of the server. */
  readonly args: (ports: Ports, mode: string) => readonly [script: string, ...args: string[]]
}

const checks: Partial<Record<Family, Check>> = {
  plain: {
    modes: plainModes,
    load: channels,
    args: ({ publish, subscribe }, mode) => ['faulty.mjs', String(publish), String(subscribe), mode],
  },
  pusher: {
    modes: [...plainModes, 'refused'],
    load: channels,
    args: ({ pusher }, mode) => ['faulty-pusher.mjs', String(pusher), app.key, app.secret, mode],
  },
  grpc: {
    modes: ['none', 'missing', 'duplicated', 'corrupted', 'closed', 'refused'],
    load: ['grpc', '--subscribers', '40', '--rounds', '20', '--warmup', '0', '--timeout-s', '2'],
    args: ({ publish }, mode) => ['faulty-grpc.mjs', String(publish), mode],
  },
}

function faulty(family: string, mode: string, { args }: Check): Arm {
  return {
    name: `faulty (${family}, ${mode})`,
    about: mode,
    missing: () => null,
    command: (ports) => {
      const [script, ...rest] = args(ports, mode)
      return [process.execPath, join(benchFolder, 'peers', script), ...rest]
    },
    urls: { plain: plainUrls, pusher: pusherUrls, grpc: grpcUrl },
  }
}

/** What the load generator said of a run against a server with this fault. */
async function verdict(family: Family, mode: string, check: Check): Promise<string> {
  await using server = await startServer(faulty(family, mode, check), family, 0)
  return await runLoad(server, 1, check.load).then(() => 'clean', (error: Error) => error.message)
}

buildLoadGenerator()
let wrong = 0
for (const [family, check] of Object.entries(checks) as [Family, Check][]) {
  for (const mode of check.modes) {
    const said = await verdict(family, mode, check)
    const noticed = mode === 'none' ? said === 'clean' : said.includes(mode)
    if (!noticed) ++wrong
    process.stdout.write(`${noticed ? 'ok' : 'NOT NOTICED'}  ${family} ${mode}: ${said}\n`)
  }
}
process.exitCode = wrong === 0 ? 0 : 1
