/**
 * Checks the checker: against a server that loses, repeats, reorders, corrupts, misroutes or closes, the load generator
 * must say so. Run it after changes to bench/load: `node dist/bench/check-load.js`.
 */

import { join } from 'node:path'
import type { Arm } from './arms.js'
import { buildLoadGenerator, runLoad } from './load-generator.js'
import { benchFolder } from './paths.js'
import { startServer } from './server.js'

const modes = ['none', 'missing', 'duplicated', 'outOfOrder', 'corrupted', 'misrouted', 'closed', 'protocol'] as const

function faulty(mode: string): Arm {
  const script = join(benchFolder, 'peers/faulty.mjs')
  return {
    name: `faulty (${mode})`,
    about: mode,
    missing: () => null,
    command: ({ publish, subscribe }) => [process.execPath, script, String(publish), String(subscribe), mode],
  }
}

/** What the load generator said of a run against a server with this fault. */
async function verdict(mode: string): Promise<string> {
  await using server = await startServer(faulty(mode), 0)
  const args = ['channels', '--topics', '2', '--publishers', '2', '--subscribers', '40', '--rounds', '3', '--burst', '50',
    '--verify-every', '1', '--timeout-s', '2']
  return await runLoad(server, 1, args).then(() => 'clean', (error: Error) => error.message)
}

buildLoadGenerator()
let wrong = 0
for (const mode of modes) {
  const said = await verdict(mode)
  const noticed = mode === 'none' ? said === 'clean' : said.includes(mode)
  if (!noticed) ++wrong
  process.stdout.write(`${noticed ? 'ok' : 'NOT NOTICED'}  ${mode}: ${said}\n`)
}
process.exitCode = wrong === 0 ? 0 : 1
