// @ts-check
// `npm run coverage`: which lines of native/ (the addon apart, whose tests run in node) the native tests run, by file, worst first.
// Builds and runs them with gcc's counters; the gcov beside that gcc reads them. Exit code 1 below 95 % in all. Without optimization a
// simulated life takes seconds, and the first ones reach what all do: there are 20 unless SIM_RUNS says otherwise.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const build = join(root, 'build', 'test-coverage')
const percentMin = 95
const outputBytesMax = 1 << 30

/** @param {string} command @param {string[]} args @param {'inherit' | 'pipe'} stdout */
function run(command, args, stdout) {
  const { status, error, stdout: output } = spawnSync(command, args, {
    cwd: join(root, 'test', 'native'), env: { SIM_RUNS: '20', CXXFLAGS: '-DCOUNTS_LINES', ...process.env }, stdio: ['ignore', stdout, 'inherit'], maxBuffer: outputBytesMax,
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command} must end with 0, got: ${status}`)
  return String(output ?? '')
}

/** @param {string} folder @param {string} ending */
function filesOf(folder, ending) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending)).map((name) => join(folder, name))
}

/** By file below native/, by line: how often it ran in all. @returns {Map<string, Map<number, number>>} */
function countLines() {
  const files = new Map()
  for (const data of filesOf(build, '.gcda')) {
    // One JSON document a line, one for each object file.
    for (const text of run('gcov', ['--json-format', '--stdout', data], 'pipe').split('\n').filter(Boolean)) {
      for (const { file, lines } of JSON.parse(text).files) {
        const name = relative(root, resolve(root, 'test', 'native', file))
        if (!name.startsWith('native/')) continue
        const counts = files.get(name) ?? new Map()
        files.set(name, counts)
        for (const { line_number: line, count } of lines) counts.set(line, (counts.get(line) ?? 0) + count)
      }
    }
  }
  return files
}

/** Numbers as `12-14 20`. @param {number[]} lines */
function ranges(lines) {
  /** @type {[number, number][]} */
  const found = []
  for (const line of lines.sort((a, b) => a - b)) {
    const last = found.at(-1)
    if (last !== undefined && line <= last[1] + 1) last[1] = line
    else found.push([line, line])
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(' ')
}

function report() {
  const rows = [...countLines()].map(([name, counts]) => {
    const missed = [...counts].filter(([, count]) => count === 0).map(([line]) => line)
    return { name, all: counts.size, missed }
  })
  rows.sort((a, b) => b.missed.length / b.all - a.missed.length / a.all)
  for (const { name, all, missed } of rows.filter((row) => row.missed.length > 0)) {
    console.log(`${((1 - missed.length / all) * 100).toFixed(1).padStart(5)} %  ${name}  not run: ${ranges(missed)}`)
  }
  const all = rows.reduce((sum, row) => sum + row.all, 0)
  const ran = all - rows.reduce((sum, row) => sum + row.missed.length, 0)
  const percent = (ran / all) * 100
  console.log(`${percent.toFixed(2)} % of ${all} lines in ${rows.length} files; ${rows.filter((row) => row.missed.length === 0).length} files whole`)
  if (percent < percentMin) throw new Error(`the native tests must run at least ${percentMin} % of the lines, got: ${percent.toFixed(2)}`)
}

try {
  mkdirSync(build, { recursive: true })
  for (const data of filesOf(build, '.gcda')) rmSync(data)
  run('make', ['--no-print-directory', '--silent', '-j', String(availableParallelism()), 'PRESET=coverage'], 'inherit')
  run(join(build, 'core_test'), ['-m', ...process.argv.slice(2)], 'inherit')
  report()
} catch (error) {
  console.error(`npm run coverage: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
