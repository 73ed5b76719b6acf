/** `broker completion`: what shells complete, made of the commands themselves. */

import { Argument, type Command } from 'commander'

interface Word {
  readonly word: string
  readonly about: string
}

/** A command, and what may stand behind it. */
interface Place {
  /** `/token/create`; empty: `broker` itself. */
  readonly path: string
  readonly commands: readonly Word[]
  readonly options: readonly Word[]
}

/** What is run when no command is named is one of the words all the same. */
function placesOf(command: Command, path = ''): Place[] {
  const commands = command.commands.map((each) => ({ word: each.name(), about: each.description() }))
  const help = command.createHelp()
  const shown = help.visibleOptions(command).flatMap(({ long, description }) =>
    (long === undefined || long === null ? [] : [{ word: long, about: description }]))
  const options = [...new Map(shown.map((each) => [each.word, each])).values()]
  return [{ path, commands, options }, ...command.commands.flatMap((each) => placesOf(each, `${path}/${each.name()}`))]
}

/** Within single quotes of a shell, on one line. */
function quoted(text: string): string {
  return `'${text.replaceAll('\n', ' ').replaceAll("'", "'\\''")}'`
}

/** Lines of a `case` that goes from command to command. */
function steps(places: readonly Place[], variable: string): string {
  return places.filter(({ path }) => path !== '').map(({ path }) => `      ${path}) ${variable}=${path} ;;`).join('\n')
}

function bash(places: readonly Place[]): string {
  const words = ({ commands, options }: Place) => [...commands, ...options].map(({ word }) => word).join(' ')
  return `_broker() {
  local at= word words=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at/$word" in
${steps(places, 'at')}
    esac
  done
  case "$at" in
${places.map((place) => `    '${place.path}') words='${words(place)}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _broker broker
`
}

function zsh(places: readonly Place[]): string {
  const item = ({ word, about }: Word) => quoted(`${word}:${about.replaceAll(':', '\\:')}`)
  return `#compdef broker
_broker() {
  local at= word
  local -a found
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at/$word" in
${steps(places, 'at')}
    esac
  done
  case "$at" in
${places.map(({ path, commands, options }) => `    '${path}') found=(${[...commands, ...options].map(item).join(' ')}) ;;`).join('\n')}
  esac
  _describe -o broker found || _files
}
if [ "$funcstack[1]" = _broker ]; then _broker "$@"; else compdef _broker broker; fi
`
}

function fish(places: readonly Place[]): string {
  const at = (path: string) => `-n '__broker_at "${path}"'`
  const lines = places.flatMap(({ path, commands, options }) => [
    ...commands.map(({ word, about }) => `complete -c broker ${at(path)} -f -a ${word} -d ${quoted(about)}`),
    ...options.map(({ word, about }) => `complete -c broker ${at(path)} -l ${word.slice(2)} -d ${quoted(about)}`),
  ])
  return `function __broker_at
  set -l at ''
  for word in (commandline -opc)[2..]
    switch "$at/$word"
${places.filter(({ path }) => path !== '').map(({ path }) => `      case ${path}\n        set at ${path}`).join('\n')}
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`
}

const shells = { bash, zsh, fish } as const
type Shell = keyof typeof shells

/** The script for a shell, of a program with all its commands. */
export function completionOf(program: Command, shell: Shell): string {
  return shells[shell](placesOf(program))
}

export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('Print what makes a shell complete commands and options.')
    .addArgument(new Argument('<shell>', 'which one').choices(Object.keys(shells)))
    .addHelpText('after', `
Examples:
  $ source <(broker completion bash)                                   in ~/.bashrc
  $ source <(broker completion zsh)                                    in ~/.zshrc
  $ broker completion fish > ~/.config/fish/completions/broker.fish`)
    .action((shell: Shell) => void process.stdout.write(completionOf(program, shell)))
}
