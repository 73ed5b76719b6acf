import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { packageRoot } from '../../../src/package-info.js'
import { exitOf, runCli, spawnCli, textOf } from '../../support/cli.js'

test('--version', async (t) => {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
  t.strictSame(await runCli(['--version']), { code: 0, signal: null, stdout: `${version}\n`, stderr: '' })
})

test('--help has examples for every command', async (t) => {
  t.match((await runCli(['--help'])).stdout, 'npx @tutti/broker')
  for (const command of [[], ['start'], ['pub'], ['sub']]) {
    const { code, stdout, stderr } = await runCli([...command, '--help'])
    t.equal(code, 0)
    t.equal(stderr, '')
    t.match(stdout, `Examples:\n  $ broker ${command[0] ?? 'start'}`)
  }
})

test('a reader that leaves the help is a normal end', async (t) => {
  const child = spawnCli({ args: ['start', '--help'] })
  const stderr = textOf(child.stderr)
  child.stdout?.destroy() // before it has begun
  t.strictSame(await exitOf(child), { code: 0, signal: null })
  t.equal(stderr(), '')
})

test('wrong use is one line and exit code 2', async (t) => {
  t.match(await runCli(['frob']), { code: 2, stderr: 'broker: unknown command \'frob\'\n' })
  t.match(await runCli(['start', '--shrads', '2']), { code: 2, stderr: 'broker: unknown option \'--shrads\' (Did you mean --shards?)\n' })
  t.match(await runCli([]), { code: 2, stderr: /^Usage: broker/ })
})
