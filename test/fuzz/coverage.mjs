// @ts-check
// Which lines of native/ seeds and everything found so far reach: `node coverage.mjs <coverage build> <fuzz build>`. Needs the
// llvm-profdata and llvm-cov that came with the clang (LLVM=-14 is their suffix).

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const [covered, fuzzed] = process.argv.slice(2).map((folder) => resolve(folder))
const suffix = process.env['LLVM'] ?? '-14'
const profiles = []
for (const target of readdirSync(`${fuzzed}/seeds`, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name)) {
  const folders = [`${fuzzed}/seeds/${target}`, `${fuzzed}/found/${target}`].filter((folder) => existsSync(folder))
  const profile = `${covered}/${target}.profraw`
  const env = { ...process.env, FUZZ_TARGET: target, LLVM_PROFILE_FILE: profile }
  const { status, stderr } = spawnSync(`${covered}/fuzz`, ['-runs=0', '-max_len=20000', ...folders], { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${target} ended with ${status}: ${stderr.slice(-2000)}`)
  profiles.push(profile)
}
execFileSync(`llvm-profdata${suffix}`, ['merge', '-o', `${covered}/all.profdata`, ...profiles])
const report = execFileSync(`llvm-cov${suffix}`, ['export', '-summary-only', '-instr-profile', `${covered}/all.profdata`, `${covered}/fuzz`], { maxBuffer: 1 << 28 })
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')
const { files } = JSON.parse(report.toString()).data[0]
/** @type {{ name: string, count: number, reached: number }[]} */
const rows = []
for (const { filename, summary } of files) {
  const name = relative(root, resolve(filename))
  if (name.startsWith('native/') && summary.lines.count > 0) rows.push({ name, count: summary.lines.count, reached: summary.lines.covered })
}
if (rows.length === 0) throw new Error(`llvm-cov must know files of native/, got: ${files.length} others`)
/** @param {{ count: number, reached: number }} row */
const share = ({ count, reached }) => `${((reached / count) * 100).toFixed(1).padStart(5)} % of ${String(count).padStart(4)} lines`
for (const row of rows.sort((a, b) => a.name.localeCompare(b.name))) console.log(`${share(row)}  ${row.name}`)
for (const room of new Set(rows.map(({ name }) => name.slice(0, name.lastIndexOf('/'))))) {
  const all = rows.filter(({ name }) => name.startsWith(`${room}/`))
  const sum = (/** @type {'count' | 'reached'} */ key) => all.reduce((total, row) => total + row[key], 0)
  console.log(`${share({ count: sum('count'), reached: sum('reached') })}  ${room}/ in all`)
}
