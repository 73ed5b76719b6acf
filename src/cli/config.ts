/** `broker config`: looks at configurations without starting anything. One file and one row a command. */

import type { Command } from 'commander'
import { addConfigInit } from './config-init.js'
import { addConfigShow } from './config-show.js'

const commands: readonly ((parent: Command) => void)[] = [addConfigShow, addConfigInit]

export function addConfigCommand(program: Command): void {
  const command = program.command('config').description('Show the configuration in effect, or write a file to begin with.')
  for (const add of commands) add(command)
}
