/** A start for which the system does not permit enough: one line that says what to raise, never a stack. */

import { spawnSync } from 'node:child_process'
import { test } from 'tap'
import { commandFile, exitOf, spawnCli, textOf, type SpawnOptions } from '../support/cli.js'

const ports = ['--publish-port', '0', '--subscribe-port', '0', '--api-port', '0', '--grpc-port', '0']

async function start(args: readonly string[], options: Omit<SpawnOptions, 'args'>) {
  // Without what tap puts into every Node that tests start: it needs threads and descriptors before anything of ours runs.
  const child = spawnCli({ ...options, through: ['env', '-u', 'NODE_OPTIONS', ...options.through ?? []], args: [...args, ...ports] })
  const [stdout, stderr, exit] = [textOf(child.stdout), textOf(child.stderr), exitOf(child)]
  return { ...await exit, stdout: stdout(), stderr: stderr() }
}

test('too few open files', async (t) => {
  for (const openFiles of [20, 30, 40, 64, 127]) {
    t.strictSame(await start(['start'], { openFiles }), {
      code: 1, signal: null, stdout: '',
      stderr: `broker: the limit of open files must be at least 128, and for broker start about 200 (ulimit -n), got: ${openFiles}\n`,
    })
  }
  const { code, stderr } = await start(['start'], { openFiles: 180 })
  t.equal(code, 2)
  t.match(stderr, /^broker: limits\.connectionsMax needs a limit of open files above \d+, which is 180 now, got: nothing\n$/)
})

test('as JSON where the log is', async (t) => {
  const { stderr } = await start(['start', '--log-format', 'json'], { openFiles: 64 })
  t.match(JSON.parse(stderr), { level: 'error', event: 'failed', msg: /^the limit of open files must be at least 128, .* got: 64$/ })
})

/** The limit holds for users without privileges, for all that they run: this one runs nothing else. */
const user = ['setpriv', '--reuid=54321', '--regid=54321', '--clear-groups']
const cannotBe = spawnSync('setpriv', [...user.slice(1), 'test', '-r', commandFile]).status !== 0 ? 'cannot be another user who may read this' : false

test('too few threads', { skip: cannotBe }, async (t) => {
  for (let most = 7; most <= 10; most += 1) {
    const { stderr, ...result } = await start(['start'], { through: [...user, 'prlimit', `--nproc=${most}`] })
    t.strictSame(result, { code: 1, signal: null, stdout: '' }, `${most} threads`)
    t.match(stderr, /^broker: there must be room for 4 more threads, .* got: [0-3]\n$/)
  }
  const { stderr, code } = await start(['start'], { through: [...user, 'prlimit', '--nproc=11'], env: { BROKER_SHARDS: '2' } })
  t.equal(code, 1)
  t.equal(stderr, 'broker: the system refuses a thread for a shard; raise the limit of processes (ulimit -u) or lower shards\n')
})
