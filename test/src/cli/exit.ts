/** What becomes of commands whose output cannot be written. */

import { closeSync, openSync } from 'node:fs'
import { test } from 'tap'
import { startBroker } from '../../support/broker-process.js'
import { exitOf, spawnCli, textOf } from '../../support/cli.js'
import { stalledPipe } from '../../support/stalled-pipe.js'

const noSpace = 'broker: cannot write to standard output: no space left on device (ENOSPC)\n'

test('a full disk below the output is one line and exit code 1', async (t) => {
  await Promise.all([['--help'], ['--version'], ['start', '--help'], ['bench', '--list']].map(async (args) => {
    const full = openSync('/dev/full', 'w')
    const child = spawnCli({ args, stdout: full })
    closeSync(full)
    const stderr = textOf(child.stderr)
    t.strictSame(await exitOf(child), { code: 1, signal: null }, args.join(' '))
    t.equal(stderr(), noSpace, args.join(' '))
  }))
})

test('a subscriber that cannot write what it got', async (t) => {
  const broker = await startBroker(t)
  const full = openSync('/dev/full', 'w')
  const child = spawnCli({ args: ['sub', 'a', '--url', broker.subscribeUrl], stdout: full })
  closeSync(full)
  const [stderr, exit] = [textOf(child.stderr), exitOf(child)]
  let ended = false
  void exit.then(() => { ended = true })
  while (!ended) await fetch(`http://127.0.0.1:${broker.apiPort}/topics/a`, { method: 'POST', body: 'x' })
  t.strictSame([await exit, stderr()], [{ code: 1, signal: null }, noSpace])
})

test('who cannot be told an error still gets the exit code', async (t) => {
  const full = openSync('/dev/full', 'w')
  const pipe = stalledPipe(t)
  const failing = [{ args: ['frob'], code: 2 }, { args: ['pub', 'a', 'b', '--url', 'nowhere'], code: 2 }, { args: ['start', '--shards', '0'], code: 2 }]
  await Promise.all([full, pipe.writeEnd].flatMap((stderr) => failing.map(async ({ args, code }) => {
    t.strictSame(await exitOf(spawnCli({ args, stderr })), { code, signal: null }, args.join(' '))
  })))
  closeSync(full)
})

for (const [signal, code] of [['SIGTERM', 143], ['SIGINT', 130]] as const) {
  test(`a subscriber whose reader has stopped reading ends with ${signal}`, async (t) => {
    const broker = await startBroker(t, { args: ['--log-level', 'debug'] })
    const pipe = stalledPipe(t)
    const child = spawnCli({ args: ['sub', 'a', '--url', broker.subscribeUrl], stdout: pipe.writeEnd })
    t.teardown(() => child.kill('SIGKILL'))
    const exit = exitOf(child)
    await broker.logged(({ event }) => event === 'connection')
    await fetch(`http://127.0.0.1:${broker.apiPort}/topics/a`, { method: 'POST', body: 'x'.repeat(60_000) })
    child.kill(signal)
    t.strictSame(await exit, { code, signal: null })
  })
}
