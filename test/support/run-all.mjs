// @ts-check
// `npm test`: everything, one step after another, and one last line `N passed, N failed`. A step counts its own tests;
// one that ends badly without a failed test of its own (a compiler error, a signal) counts as one failure.
// `npm test -- types tap` runs only those steps, `--list` names them.

import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const bin = join(root, 'node_modules')
const outputTailMax = 64 * 1024

/** @typedef {{ passed: number, failed: number }} Count */
/** @typedef {{ command: string, args: string[] }} Command */
/** @typedef {Command & { name: string, count: ((output: string) => Count | null) | null, quiet?: RegExp, build?: Command }} Step
 * `quiet` matches the lines that are not shown. `build`: what it needs first; it runs beside the steps before, which take one CPU. */

/** doctest's last line. @param {string} output @returns {Count | null} */
function countDoctest(output) {
  const match = /test cases:\s*\d+\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed/.exec(output)
  return match === null ? null : { passed: Number(match[1]), failed: Number(match[2]) }
}

/** The last line but one of tap, and the last of fuzz, such as `# { total: 12, pass: 11, fail: 1 }`. @param {string} output @returns {Count | null} */
function countTap(output) {
  const match = [...output.matchAll(/^# \{ (total: \d+.*) \}$/gm)].at(-1)
  if (match === undefined) return null
  /** @param {string} name */
  const number = (name) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(match[1] ?? '')?.[1] ?? 0)
  return { passed: number('pass'), failed: number('fail') }
}

/** TAP's lines about tests inside a file that passed. */
const passing = /^\s+(ok |# Subtest|\d+\.\.\d+$|# time)|^\s*$/

const node = process.execPath
const tsc = join(bin, 'typescript', 'bin', 'tsc')

/** @param {string} folder @param {string[]} targets */
function make(folder, ...targets) {
  const jobs = String(Math.min(availableParallelism(), 8))
  return { command: 'make', args: ['-C', folder, '--no-print-directory', '--silent', '-j', jobs, ...targets] }
}

/** @param {string} preset @param {string} doctest arguments for doctest @returns {Step} */
function native(preset, doctest = '') {
  const build = make('test/native', `PRESET=${preset}`)
  return { name: `native-${preset}`, ...make('test/native', 'check', `PRESET=${preset}`, `ARGS=${doctest}`), count: countDoctest, build }
}

/** @type {readonly Step[]} */
const steps = [
  { name: 'addon', command: node, args: ['native/tools/install.mjs'], count: null },
  { name: 'build', command: node, args: ['native/tools/prepare.mjs'], count: null },
  // `broker bench` compiles it when it is needed: within a test that would be a test of the machine's patience.
  { name: 'load', ...make('bench/load', 'all'), count: null },
  { name: 'types', command: node, args: [tsc, '-p', 'test/tsconfig.json'], count: null },
  native('release'),
  // After the release tests, whose objects these programs are made of.
  { name: 'micro', ...make('bench/micro', 'all'), count: null },
  native('asan'),
  // The long simulations start no thread: TSan has nothing to find in them and takes minutes for that.
  native('tsan', "-tce='simulation: whatever happens*,simulation: one life of everything'"),
  // A few seconds a target: with clang's libFuzzer where there is one, else the plain driver over the same seeds.
  { name: 'fuzz', ...make('test/fuzz', 'check', 'SECONDS=5', 'OPTIMIZE=-O0'), count: countTap, build: make('test/fuzz', 'all', 'OPTIMIZE=-O0') },
  { name: 'tap', command: node, args: [join(bin, 'tap', 'dist', 'esm', 'run.mjs'), '--reporter=tap'], count: countTap, quiet: passing },
]

/** How it ended: null, well; and what it said last. @param {import('node:child_process').ChildProcess} child @param {(line: string) => void} show
 * @returns {Promise<{ ended: string | null, tail: string }>} */
function outcome(child, show) {
  return new Promise((resolve) => {
    let tail = ''
    for (const input of [child.stdout, child.stderr]) {
      if (input === null) continue
      createInterface({ input }).on('line', (line) => {
        show(line)
        tail = `${tail}${line}\n`.slice(-outputTailMax)
      })
    }
    child.once('error', (error) => resolve({ ended: error.message, tail }))
    child.once('close', (code, signal) => resolve({ ended: code === 0 ? null : signal ?? `exit code ${code}`, tail }))
  })
}

/** Runs a step with its output shown. @param {Step} step */
function run({ command, args, quiet }) {
  return outcome(spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] }), (line) => {
    if (quiet?.test(line) !== true) console.log(line)
  })
}

/** Builds for a step without a word. @param {Step} step */
function build(step) {
  if (step.build === undefined) return Promise.resolve({ ended: null, tail: '' })
  return outcome(spawn(step.build.command, step.build.args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] }), () => {})
}

/** @param {Step} step @param {{ ended: string | null, tail: string }} built @returns {Promise<Count>} */
async function result(step, built) {
  if (built.ended !== null) {
    console.log(`${built.tail}# ${step.name} cannot be built: ${built.ended}`)
    return { passed: 0, failed: 1 }
  }
  const { ended, tail } = await run(step)
  const count = step.count === null ? { passed: ended === null ? 1 : 0, failed: 0 } : step.count(tail)
  if (count === null) {
    console.log(`# ${step.name} gave no summary (${ended ?? 'exit code 0'})`)
    return { passed: 0, failed: 1 }
  }
  if (ended !== null) console.log(`# ${step.name} ended with ${ended}`)
  return ended !== null && count.failed === 0 ? { ...count, failed: 1 } : count
}

/** @param {string[]} names @returns {readonly Step[]} */
function chosen(names) {
  const unknown = names.find((name) => !steps.some((step) => step.name === name))
  if (unknown !== undefined) throw new Error(`a step must be one of ${steps.map(({ name }) => name).join(', ')}, got: ${unknown}`)
  return names.length === 0 ? steps : steps.filter(({ name }) => names.includes(name))
}

async function main() {
  const names = process.argv.slice(2)
  if (names.includes('--list')) {
    console.log(steps.map(({ name }) => name).join('\n'))
    return
  }
  const total = { passed: 0, failed: 0 }
  const wanted = chosen(names)
  /** @type {Map<Step, ReturnType<typeof build>>} */
  const builds = new Map()
  /** @param {Step} step */
  const built = (step) => {
    const begun = builds.get(step) ?? build(step)
    builds.set(step, begun)
    return begun
  }
  for (const [at, step] of wanted.entries()) {
    const started = performance.now()
    console.log(`\n# ${step.name}`)
    const outcomeOfBuild = await built(step)
    const next = wanted.slice(at + 1).find((each) => each.build !== undefined)
    if (next !== undefined) void built(next)
    const { passed, failed } = await result(step, outcomeOfBuild)
    total.passed += passed
    total.failed += failed
    console.log(`# ${step.name}: ${passed} passed, ${failed} failed, ${((performance.now() - started) / 1000).toFixed(1)} s`)
  }
  process.exitCode = total.failed === 0 ? 0 : 1
  console.log(`\n${total.passed} passed, ${total.failed} failed`)
}

main().catch((error) => {
  console.error(`npm test: ${error.message}`)
  process.exitCode = 1
})
