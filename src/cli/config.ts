/** `broker config`: looks at configurations without starting anything. One file and one row a command. */

import type { Command } from 'commander'
import { addConfigCheck } from './config-check.js'

const commands: readonly ((parent: Command) => void)[] = [addConfigCheck]

export function addConfigCommand(program: Command): void {
  const command = program.command('config').description('Look at a configuration without starting anything.')
  for (const add of commands) add(command)
}
