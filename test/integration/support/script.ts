/** Programs that embed the broker, as their users write them: plain Node, the built package, a process of their own. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { packageRoot } from '../../../src/package-info.js'
import { exitOf, textOf, type Exit } from '../../support/cli.js'
import { connect, connectMany } from './ws-client.js'

interface Test {
  teardown(task: () => unknown): void
}

const packageUrl = pathToFileURL(join(packageRoot, 'dist', 'src', 'index.js')).href
const addonFile = join(packageRoot, 'build', 'Release', 'broker.node')

/** What scripts begin with: `start()` embeds a broker, `told()` resolves when the test says so. */
const prelude = `
import { Worker, isMainThread, parentPort } from 'node:worker_threads'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
const { createBroker } = await import(${JSON.stringify(packageUrl)})
const addonFile = ${JSON.stringify(addonFile)}
const require = createRequire(addonFile)
const start = (options = {}) => createBroker({ publish: { port: 0 }, subscribe: { port: 0 }, ...options })
const portsOf = ({ listeners }) => listeners.filter(({ address }) => address === '127.0.0.1').map(({ port }) => port)
const tell = (ports) => process.stdout.write(JSON.stringify(ports) + '\\n')
const provokeWarning = ({ listeners }) => {
  connect(listeners[0].port, '127.0.0.1').on('error', () => {}).end('nonsense\\r\\n\\r\\n')
}
const told = () => new Promise((resolve) => process.stdin.once('data', resolve))
`

/** Code of a worker, to be put into a script: it can use the same words. */
export function workerUrl(code: string): string {
  return `new URL('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(prelude + code))})`
}

export interface ScriptResult extends Exit {
  readonly stdout: string
  readonly stderr: string
  /** From being told (or, untold, from the start) to the end. */
  readonly ms: number
}

function spawnScript(t: Test, code: string) {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', prelude + code], { cwd: packageRoot, stdio: 'pipe' })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

/** Runs a script to its end. It never waits for the test. */
export async function runScript(t: Test, code: string): Promise<ScriptResult> {
  const child = spawnScript(t, code)
  child.stdin.end()
  const [stdout, stderr, started] = [textOf(child.stdout), textOf(child.stderr), performance.now()]
  const exit = await exitOf(child)
  return { ...exit, stdout: stdout(), stderr: stderr(), ms: performance.now() - started }
}

/**
 * Runs a script that starts a broker, tells its ports and does something when it is told. It is told in the middle of
 * traffic: 20 subscribers that receive what a publisher sends as fast as it can.
 */
export async function runUnderTraffic(t: Test, code: string): Promise<ScriptResult> {
  const child = spawnScript(t, code)
  const [stdout, stderr, exit] = [textOf(child.stdout), textOf(child.stderr), exitOf(child)]
  await Promise.race([once(child.stdout, 'data'), exit])
  if (!stdout().includes('\n')) throw new Error(`the script ended early: ${stderr()}`)
  const [publishPort, subscribePort] = JSON.parse(stdout().split('\n')[0] ?? '') as number[]
  const readers = await connectMany(t, 20, `ws://127.0.0.1:${subscribePort}`)
  const writer = await connect(t, `ws://127.0.0.1:${publishPort}`)
  void (async () => {
    for (;;) {
      await writer.send('x'.repeat(1000))
      await turn() // the kernel takes bytes at once: nothing else would ever run
    }
  })().catch(() => {}) // it ends with the broker
  await Promise.all(readers.map((reader) => reader.has(50)))
  const toldMs = performance.now()
  child.stdin.write('now\n')
  const ended = await exit
  return { ...ended, stdout: stdout(), stderr: stderr(), ms: performance.now() - toldMs }
}
