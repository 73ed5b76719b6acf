/** `broker config`: looks at configurations without starting anything. One file and one row a command. */

import type { Command } from 'commander'
import { addConfigCheck } from './config-check.js'
import { addConfigInit } from './config-init.js'
import { addConfigShow } from './config-show.js'

const commands: readonly ((parent: Command) => void)[] = [addConfigShow, addConfigInit, addConfigCheck]

export function addConfigCommand(program: Command): void {
  const command = program.command('config').description('Show or check a configuration without starting anything, or write a file to begin with.')
  for (const add of commands) add(command)
}
