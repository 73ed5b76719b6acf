/** What docs/security.md shows of TLS works: its commands, one after another, against a broker of its configurations. */

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { packageRoot } from '../../src/package-info.js'
import { startBroker } from '../support/broker-process.js'
import { commandFile } from '../support/cli.js'

const whole = readFileSync(join(packageRoot, 'docs/security.md'), 'utf8')
const text = whole.slice(whole.indexOf('\n## TLS\n'))

function blocks(language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block)
}

/** Runs commands in a folder; `npx @tutti/broker` is the command of this checkout. */
function bash(folder: string, script: string) {
  const npx = `npx() { shift; '${process.execPath}' '${commandFile}' "$@"; }`
  return spawnSync('bash', ['-c', `set -e\n${npx}\n${script}`], { cwd: folder, encoding: 'utf8' })
}

test('the commands', async (t) => {
  const folder = t.testdir({})
  const made = bash(folder, blocks('sh').join(''))
  t.equal(made.status, 0, made.stderr)
  const consoles = blocks('console').map((block) => block.split('\n').filter((line) => line.startsWith('$ ')).map((line) => line.slice(2)))
  t.equal(consoles.length, 2)
  for (const [start = '', ...commands] of consoles) {
    const name = /--config (\S+)/.exec(start)?.[1] ?? ''
    const inFolder = readFileSync(join(folder, name), 'utf8').replace(/(File: )([\w.-]+)/g, (_, key, file) => `${key}${join(folder, file)}`)
    const config = join(folder, `absolute-${name}`)
    writeFileSync(config, inFolder)
    const { publishPort, apiPort, log } = await startBroker(t, { args: ['--config', config, '--host', '127.0.0.1'] })
    t.match(log.filter(({ event }) => event === 'listening').map(({ msg }) => msg), [/wss:\/\/127\.0\.0\.1:\d+ \(publish\)/])
    for (const command of commands) {
      const { status, stderr } = bash(folder, command.replace(':8001', `:${publishPort}`).replace(':8000', `:${apiPort}`))
      t.equal(status, 0, `${command}: ${stderr}`)
    }
  }
})
