import { execFileSync, spawnSync } from 'node:child_process'
import { test } from 'tap'
import { Command, Option } from 'commander'
import { commands } from '../../../src/cli/commands.js'
import { completionOf } from '../../../src/cli/completion.js'

function program(): Command {
  const made = new Command('broker')
  for (const add of commands) add(made)
  return made
}

function has(shell: string): boolean {
  return spawnSync(shell, ['-c', 'true']).status === 0
}

/** What bash offers behind these words. */
function offered(...words: readonly string[]): string[] {
  const script = `${completionOf(program(), 'bash')}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _broker; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['-c', script, 'bash', 'broker', ...words], { encoding: 'utf8' }).split('\n').filter(Boolean)
}

test('bash', async (t) => {
  t.strictSame(offered('st'), ['start'])
  t.strictSame(offered('to').sort(), ['token', 'top', 'topics'])
  t.strictSame(offered('token', ''), ['create', 'decode', 'verify', '--help'])
  t.strictSame(offered('token', 'create', '--secret'), ['--secret-file'])
  t.strictSame(offered('start', '--config', 'x', '--publish'), ['--publish-port'], 'behind an option and its value')
  t.strictSame(offered('config', 'init', '--f'), ['--force'])
  t.strictSame(offered('nothing', '--fr'), [])
})

test('every command and every option is in each of them', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    const text = completionOf(program(), shell)
    for (const command of program().commands) {
      t.match(text, new RegExp(`\\b${command.name()}\\b`), `${shell}: ${command.name()}`)
      const missing = command.options.filter(({ long, hidden }) => !hidden && !text.includes((long ?? '').replace(/^--/, '')))
      t.strictSame(missing.map(({ long }) => long), [], `${shell}: options of ${command.name()}`)
    }
  }
})

test('what shells make of the scripts, where they are installed', async (t) => {
  for (const shell of ['zsh', 'fish'] as const) {
    if (!has(shell)) {
      t.comment(`no ${shell} here`)
      continue
    }
    t.equal(spawnSync(shell, ['-n'], { input: completionOf(program(), shell) }).status, 0, shell)
  }
  const odd = new Command('broker')
  odd.command('say').description("it's: a 'quote'\nand a line").addOption(new Option('--word <text>', "don't"))
  const text = completionOf(odd, 'zsh')
  t.match(text, `'say:it'\\''s\\: a '\\''quote'\\'' and a line'`)
  t.equal(spawnSync('bash', ['-n'], { input: completionOf(odd, 'bash') }).status, 0)
  t.match(completionOf(odd, 'fish'), `complete -c broker -n '__broker_at "/say"' -l word -d 'don'\\''t'`)
})
