// @ts-check
// The development loop: on every change rebuild what it touches, restart `broker start`, re-run the tests that mirror it.
// Arguments go to `broker start`.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, watch } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { root } from './addon-build.mjs'

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

/** The test files that mirror the changed sources, and changed tests themselves. @param {string[]} files */
function touchedTests(files) {
  const mirrored = files.map((file) => (file.startsWith('src/') ? join('test', file) : file))
  return mirrored.filter((file) => /^test\/(src|integration|conformance)\/.*\.ts$/.test(file) && existsSync(join(root, file)))
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
    const tests = touchedTests(files)
    if (tests.length > 0) node(['node_modules/tap/dist/esm/run.mjs', ...tests])
  }
  busy = false
  if (changed.size > 0) await turn()
}

for (const folder of ['src', 'native', 'test']) {
  watch(join(root, folder), { recursive: true }, (_event, file) => {
    if (file === null || !/\.(ts|cc|h|def)$/.test(file)) return
    changed.add(join(folder, file))
    clearTimeout(timer)
    timer = setTimeout(() => void turn(), quietMs)
  })
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => void stop().then(() => process.exit(0)))
}
await turn()
