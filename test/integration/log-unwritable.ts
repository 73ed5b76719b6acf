/** A log that cannot be written, or that nobody reads, costs log lines and nothing else: the broker serves, answers and ends. */

import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { commandFile, exitOf, spawnCli, textOf } from '../support/cli.js'
import { stalledPipe } from '../support/stalled-pipe.js'
import { patienceMs } from './support/eventually.js'
import { fixedPort } from './support/fixed-port.js'

interface Line {
  readonly event: string
  readonly lost?: number
}

const startArgs = (apiPort: number) => [
  'start', '--publish-port', '0', '--subscribe-port', '0', '--grpc-port', '0', '--log-format', 'json', '--api-port', String(apiPort),
]

/** Ends with the test, and may have said nothing on standard error. */
function watch(t: Test, child: ChildProcess) {
  const exit = exitOf(child)
  const stderr = textOf(child.stderr)
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exit
  })
  return {
    async stop() {
      child.kill('SIGTERM')
      t.strictSame({ ...await exit, stderr: stderr() }, { code: 0, signal: null, stderr: '' }, 'SIGTERM ends it in order')
    },
  }
}

/** Asks until the broker is there. */
async function serving(port: number): Promise<(path: string, body?: string) => Promise<string>> {
  const ask = async (path: string, body?: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, body === undefined ? {} : { method: 'POST', body })
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
    return answer.text()
  }
  for (const until = performance.now() + patienceMs; ;) {
    try {
      await ask('/live')
      return ask
    } catch (error) {
      if (performance.now() > until) throw error
    }
  }
}

/** The counter's value; NaN when it is missing. */
function lostIn(metrics: string): number {
  return Number(/^broker_log_lines_lost_total (\d+)$/m.exec(metrics)?.[1])
}

test('a pipe that nobody reads', async (t) => {
  const pipe = stalledPipe(t)
  const port = await fixedPort()
  const child = spawnCli({ args: startArgs(port), stdout: pipe.writeEnd })
  const broker = watch(t, child)
  const ask = await serving(port)
  t.equal(lostIn(await ask('/metrics')), 0)
  for (let i = 0; i < 20; i += 1) await ask(`/topics/${'t'.repeat(180)}${i}`, 'a message')
  while (lostIn(await ask('/metrics')) === 0) child.kill('SIGUSR2') // dumps, until no more may wait

  let text = ''
  const lines = () => text.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Line)
  const told = () => lines().filter(({ event }) => event === 'log-lines-lost').reduce((sum, { lost = 0 }) => sum + lost, 0)
  while (told() === 0) {
    await ask('/live')
    text += pipe.read()
  }
  const events = lines().map(({ event }) => event)
  t.match(events, ['listening', 'listening'], 'the first lines have waited')
  while (told() !== lostIn(await ask('/metrics'))) text += pipe.read()
  t.ok(told() > 0, `${told()} lines were lost, as told`)
  await broker.stop()
  text += pipe.read()
  t.equal(lines().at(-1)?.event, 'stopped')
})

test('a pipe that nobody reads, to the end', async (t) => {
  const pipe = stalledPipe(t)
  const port = await fixedPort()
  const broker = watch(t, spawnCli({ args: startArgs(port), stdout: pipe.writeEnd }))
  await serving(port)
  await broker.stop()
  t.equal(pipe.read(), '')
})

test('a full disk', async (t) => {
  const full = openSync('/dev/full', 'w')
  const port = await fixedPort()
  const broker = watch(t, spawnCli({ args: [...startArgs(port), '--log-level', 'debug'], stdout: full }))
  closeSync(full)
  const ask = await serving(port)
  t.match(JSON.parse(await ask('/topics/a', 'a message')), { offset: 0 })
  await broker.stop()
})

test('a log file at its largest size goes on where it stopped, when it may grow again', async (t) => {
  const path = join(t.testdir(), 'log')
  const file = openSync(path, 'a')
  const port = await fixedPort()
  const child = spawn('sh', ['-c', 'ulimit -S -f 1; exec "$0" "$@"', process.execPath, commandFile, ...startArgs(port)], { stdio: ['ignore', file, 'pipe'] })
  closeSync(file)
  const broker = watch(t, child)
  await serving(port)
  while (readFileSync(path).length < 512) await serving(port)
  t.equal(readFileSync(path).length, 512, 'in the middle of a line')
  execFileSync('prlimit', ['--pid', String(child.pid), '--fsize=unlimited:'])
  await broker.stop()
  const events = readFileSync(path, 'utf8').split('\n').slice(0, -1).map((line) => (JSON.parse(line) as Line).event)
  t.match(events[0], 'listening')
  t.strictSame(events.slice(-2), ['draining', 'stopped'])
  t.ok(events.includes('ready'), 'nothing is missing')
})
