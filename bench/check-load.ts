/**
 * Checks the checker: against servers that lose, repeat, reorder, corrupt, misroute, close or refuse, the load generator
 * must say so. Run it after changes to bench/load: `node dist/bench/check-load.js`.
 */

import { join } from 'node:path'
import { app } from './arm-configs.js'
import { plainUrls, pusherUrls, type Family } from './arm-urls.js'
import type { Arm } from './arms.js'
import { buildLoadGenerator, runLoad } from './load-generator.js'
import { benchFolder } from './paths.js'
import { startServer } from './server.js'

const plainModes = ['none', 'missing', 'duplicated', 'outOfOrder', 'corrupted', 'misrouted', 'closed', 'protocol']
const modes: Partial<Record<Family, readonly string[]>> = { plain: plainModes, pusher: [...plainModes, 'refused'] }

function faulty(family: string, mode: string): Arm {
  return {
    name: `faulty (${family}, ${mode})`,
    about: mode,
    missing: () => null,
    command: ({ publish, subscribe, pusher }) => [process.execPath, ...(family === 'plain'
      ? [join(benchFolder, 'peers/faulty.mjs'), String(publish), String(subscribe), mode]
      : [join(benchFolder, 'peers/faulty-pusher.mjs'), String(pusher), app.key, app.secret, mode])],
    urls: { plain: plainUrls, pusher: pusherUrls },
  }
}

/** What the load generator said of a run against a server with this fault. */
async function verdict(family: Family, mode: string): Promise<string> {
  await using server = await startServer(faulty(family, mode), family, 0)
  const args = ['channels', '--topics', '2', '--publishers', '2', '--subscribers', '40', '--rounds', '3', '--burst', '50',
    '--verify-every', '1', '--timeout-s', '2']
  return await runLoad(server, 1, args).then(() => 'clean', (error: Error) => error.message)
}

buildLoadGenerator()
let wrong = 0
for (const [family, ofFamily] of Object.entries(modes) as [Family, readonly string[]][]) {
  for (const mode of ofFamily) {
    const said = await verdict(family, mode)
    const noticed = mode === 'none' ? said === 'clean' : said.includes(mode)
    if (!noticed) ++wrong
    process.stdout.write(`${noticed ? 'ok' : 'NOT NOTICED'}  ${family} ${mode}: ${said}\n`)
  }
}
process.exitCode = wrong === 0 ? 0 : 1
