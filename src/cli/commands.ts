/** The table of commands: one file and one row each. */

import type { Command } from 'commander'
import { addBenchCommand } from './bench.js'
import { addBuildCommand } from './build.js'
import { addCompletionCommand } from './completion.js'
import { addConfigCommand } from './config.js'
import { addConnectionsCommand } from './connections.js'
import { addDoctorCommand } from './doctor.js'
import { addPubCommand } from './pub.js'
import { addStartCommand } from './start.js'
import { addSubCommand } from './sub.js'
import { addTokenCommand } from './token.js'
import { addTopCommand } from './top.js'
import { addTopicsCommand } from './topics.js'

export const commands: readonly ((program: Command) => void)[] = [
  addStartCommand, addPubCommand, addSubCommand, addTopCommand, addTopicsCommand, addConnectionsCommand, addDoctorCommand, addConfigCommand, addTokenCommand,
  addBenchCommand, addBuildCommand, addCompletionCommand,
]
