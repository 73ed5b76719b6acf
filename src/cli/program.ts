/** The command `broker`: reads the arguments, runs one command, turns errors into one line and an exit code. */

import { Command, CommanderError } from 'commander'
import { packageVersion } from '../package-info.js'
import { commands } from './commands.js'
import { endThoughUnread, exitCodes, printError, reportError, setErrorFormat, watchOutputs, type ErrorFormat } from './exit.js'

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)]
}

function createProgram(): Command {
  const program = new Command('broker')
    .description('A message broker: one publication reaches every subscriber of its topic, fast and at the same time.')
    .version(packageVersion(), '-V, --version')
    .showSuggestionAfterError()
    .addHelpText('after', `
Examples:
  $ broker start                        serve on ws://localhost:8001 (publish), ws://localhost:8002 (subscribe),
                                        localhost:50051 (gRPC) and http://localhost:8000 (API)
  $ broker sub prices                   print what is published to the topic prices
  $ broker pub prices '{"EUR": 1.08}'   publish one message to it

Without npm's PATH it is npx @tutti/broker: another package on npm is called broker.

Exit codes: 0 done, 1 failed, 2 wrong use or configuration, 130 and 143 ended by a second signal.`)
  for (const add of commands) add(program)
  for (const command of withSubcommands(program)) {
    command.exitOverride().configureOutput({
      // The usage of a command without arguments is more than a line, and no error.
      outputError: (text, write) => (text.startsWith('error: ') ? printError(text.slice('error: '.length).trimEnd().replaceAll('\n', ' ')) : write(text)),
    })
  }
  return program
}

/** As the flag or the variable says, before anything is parsed: what is wrong with the rest is told so, too. */
function wantedErrorFormat(args: readonly string[], env: NodeJS.ProcessEnv): ErrorFormat {
  if (args[0] !== 'start') return 'text'
  const flag = args.findLast((arg, at) => arg.startsWith('--log-format=') || args[at - 1] === '--log-format')
  return (flag?.replace(/^--log-format=/, '') ?? env['BROKER_LOG_FORMAT']) === 'json' ? 'json' : 'text'
}

/** Runs the command that the arguments name; never rejects. */
export async function runProgram(): Promise<void> {
  watchOutputs()
  setErrorFormat(wantedErrorFormat(process.argv.slice(2), process.env))
  // Without a listener the first opens Node's inspector, to whoever is on this machine, and the second ends the process where a file
  // may not grow (ulimit -f); with one, that write fails.
  for (const signal of ['SIGUSR1', 'SIGXFSZ'] as const) process.on(signal, () => {})
  try {
    await createProgram().parseAsync()
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error)
    // Commander has printed its line already; --help and --version come here with 0.
    process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage
    endThoughUnread()
  }
}
