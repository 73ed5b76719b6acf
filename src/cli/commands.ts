/** The table of commands: one file and one row each. */

import type { Command } from 'commander'
import { addBenchCommand } from './bench.js'
import { addBuildCommand } from './build.js'
import { addConfigCommand } from './config.js'
import { addPubCommand } from './pub.js'
import { addStartCommand } from './start.js'
import { addSubCommand } from './sub.js'
import { addTokenCommand } from './token.js'

export const commands: readonly ((program: Command) => void)[] = [
  addStartCommand, addPubCommand, addSubCommand, addConfigCommand, addTokenCommand, addBenchCommand, addBuildCommand,
]
