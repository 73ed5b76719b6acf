// @ts-check
// Runs every fuzz target from its seeds for a few seconds: `node check.mjs <build folder> <seconds>`. As many at a time as there
// are CPUs; what fails is shown whole, and its input is kept in the build folder. The last line counts targets as tap does.

import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'

const build = resolve(process.argv[2] ?? '')
const seconds = Number(process.argv[3])
if (!(seconds >= 0)) throw new Error(`the seconds for each target must be a number, got: ${process.argv[3]}`)
const outputTailMax = 20_000
/** Beyond its seconds: the seeds alone, on a busy machine. */
const patienceMs = 120_000

/** @param {string} target @returns {Promise<{ target: string, ended: string | null, output: string }>} */
function run(target) {
  mkdirSync(`${build}/found/${target}`, { recursive: true })
  const args = [
    `-max_total_time=${seconds}`, '-seed=1', '-max_len=20000', '-timeout=30', '-rss_limit_mb=1024', '-verbosity=1', '-print_final_stats=1',
    `-artifact_prefix=${build}/failed-${target}-`, `${build}/found/${target}`, `${build}/seeds/${target}`,
  ]
  const child = spawn(`${build}/fuzz`, args, { env: { ...process.env, FUZZ_TARGET: target }, stdio: ['ignore', 'pipe', 'pipe'] })
  const deadline = setTimeout(() => child.kill('SIGKILL'), seconds * 1000 + patienceMs)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { output = (output + data).slice(-outputTailMax) })
  return new Promise((resolveRun) => {
    child.once('error', (error) => resolveRun({ target, ended: error.message, output }))
    child.once('close', (code, signal) => {
      clearTimeout(deadline)
      resolveRun({ target, ended: code === 0 ? null : signal ?? `exit code ${code}`, output })
    })
  })
}

/** @param {string} output */
function runsOf(output) {
  return /stat::number_of_executed_units:\s*(\d+)/.exec(output)?.[1] ?? /(\d+) runs/.exec(output)?.[1] ?? '?'
}

const waiting = readdirSync(`${build}/seeds`, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name).sort()
let passed = 0
let failed = 0

async function work() {
  for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
    const { ended, output } = await run(target)
    if (ended === null) passed += 1
    else failed += 1
    if (ended !== null) console.log(output)
    console.log(`${ended === null ? 'ok' : 'not ok'} - ${target} ${ended ?? `${runsOf(output)} runs`}`)
  }
}

await Promise.all(Array.from({ length: Math.min(availableParallelism(), waiting.length) }, work))
process.exitCode = failed === 0 ? 0 : 1
console.log(`# { total: ${passed + failed}, pass: ${passed}, fail: ${failed} }`)
