/** `broker build`: compiles the engine where the package brings none that loads. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Command } from 'commander'
import { packageRoot } from '../package-info.js'
import { exitCodes } from './exit.js'

async function run({ force }: { readonly force?: true }): Promise<void> {
  const args = [join(packageRoot, 'native', 'tools', 'install.mjs'), ...(force ? ['--force'] : [])]
  const [code] = await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit')
  if (code !== 0) process.exitCode = exitCodes.failed
}

export function addBuildCommand(program: Command): void {
  program
    .command('build')
    .description('Compile the engine, where the package brings none for this system: g++ 12 or later, make and python3 are needed.')
    .option('--force', 'compile although there is one that loads')
    .addHelpText('after', `
Examples:
  $ broker build
  $ broker build --force`)
    .action(run)
}
