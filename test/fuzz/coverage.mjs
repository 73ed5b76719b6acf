// @ts-check
// Which lines of native/ seeds and everything found so far reach: `node coverage.mjs <coverage build> <fuzz build>`. Needs the
// llvm-profdata and llvm-cov that came with the clang (LLVM=-14 is their suffix).

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'

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
const { files } = JSON.parse(report.toString()).data[0]
for (const { filename, summary } of files) {
  const at = filename.indexOf('/native/')
  if (at < 0 || filename.includes('/test/')) continue
  const { count, covered: reached, percent } = summary.lines
  console.log(`${percent.toFixed(1).padStart(5)} % of ${String(count).padStart(4)} lines  ${filename.slice(at + 1)}`)
}
