// @ts-check
// The development loop: on every change rebuild what it touches, restart `broker start`, re-run the tests that mirror it, those of C++ too.
// Arguments go to `broker start`.

import { spawn, spawnSync } from 'node:child_process'
import { watch } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { root } from './addon-build.mjs'
import { touchedTests } from './touched-tests.mjs'

const require = createRequire(join(root, 'package.json'))
const quietMs = 200
/** @type {import('node:child_process').ChildProcess | null} */
let broker = null
/** @type {Set<string>} */
const changed = new Set()
/** @type {NodeJS.Timeout | undefined} */
let timer
let busy = false

/** @param {string[]} args */
function node(args) {
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status === 0
}

/** Tests of C++ are one executable: it is built again, and those run that mirror what changed. @param {string[]} filters of source files */
function checkNative(filters) {
  const jobs = String(Math.min(availableParallelism(), 8))
  const args = ['-C', 'test/native', '--no-print-directory', '--silent', '-j', jobs, 'check', `ARGS=-sf='${filters.join(',')}'`]
  spawnSync('make', args, { cwd: root, stdio: 'inherit' })
}

/** @param {string[]} files */
function build(files) {
  const native = files.length === 0 || files.some((file) => file.startsWith('native/') || file === 'binding.gyp')
  return (!native || node(['native/tools/install.mjs'])) && node([require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.json'])
}

function start() {
  broker = spawn(process.execPath, ['dist/src/cli/broker.cjs', 'start', ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' })
}

async function stop() {
  const running = broker
  broker = null
  if (running === null || running.exitCode !== null || running.signalCode !== null) return
  const ended = new Promise((resolve) => running.once('exit', resolve))
  running.kill('SIGTERM')
  running.kill('SIGTERM') // the second signal skips the drain
  await ended
}

async function turn() {
  if (busy) return
  busy = true
  const files = [...changed]
  changed.clear()
  if (build(files)) {
    await stop()
    start()
    const { typescript, native } = touchedTests(files, root)
    if (typescript.length > 0) node(['node_modules/tap/dist/esm/run.mjs', ...typescript])
    if (native.length > 0) checkNative(native)
  }
  busy = false
  if (changed.size > 0) await turn()
}

for (const folder of ['src', 'native', 'test']) {
  watch(join(root, folder), { recursive: true }, (_event, file) => {
    if (file === null || !/\.(ts|mjs|cc|h|def)$/.test(file)) return
    changed.add(join(folder, file))
    clearTimeout(timer)
    timer = setTimeout(() => void turn(), quietMs)
  })
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => void stop().then(() => process.exit(0)))
}
await turn()
