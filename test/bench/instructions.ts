/**
 * Ceilings that noise cannot touch: instructions per delivery, from bytes that came to bytes that were sent, on a kernel that only counts
 * (bench/micro/deliveries.cc). They are those of one compiler for one kind of processor; elsewhere this is skipped, and says so. Whoever raises one
 * says why in the commit; whoever gains a tenth lowers it.
 */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { packageRoot } from '../../src/package-info.js'

const program = join(packageRoot, 'build/bench/micro/deliveries')
const compiler = '12'

/** To 1000 subscribers; about a twentieth above what was counted. */
const ceilings = {
  'one-to-many': 143,  // counted: 136.1
  'many-to-many': 10.8,  // 10.3: of 100 publishers in one batch
  'grpc': 617,  // 587.2: streams of one connection
}

function versionOf(command: string, flag: string): string | null {
  const { status, stdout } = spawnSync(command, [flag], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : null
}

/** Why nothing can be counted here, or false. */
function reasonToSkip(): string | false {
  if (process.arch !== 'x64') return `the ceilings are those of x64, got: ${process.arch}`
  if (versionOf('valgrind', '--version') === null) return 'valgrind is not installed'
  const version = versionOf(process.env['CXX'] ?? 'g++', '-dumpversion')?.split('.')[0] ?? 'none'
  return version === compiler ? false : `the ceilings are those of g++ ${compiler}, got: ${version}`
}

/** Instructions of functions whose names do not match; by callgrind's format: `fn=(id) name`, then lines of `position count`. */
function instructionsOf(profile: string, without: RegExp): number {
  const names = new Map<string, string>()
  let counted = true
  let called = false
  let sum = 0
  for (const line of profile.split('\n')) {
    const name = /^fn=(\(\d+\))(?: (.*))?$/.exec(line)
    if (name?.[1] !== undefined) {
      if (name[2] !== undefined) names.set(name[1], name[2])
      counted = !without.test(names.get(name[1]) ?? '')
    }
    const callee = /^cfn=(\(\d+\)) (.*)$/.exec(line)
    if (callee?.[1] !== undefined && callee[2] !== undefined) names.set(callee[1], callee[2])
    const cost = /^[+\-*\d]\S* (\d+)$/.exec(line)
    if (cost !== null && counted && !called) sum += Number(cost[1])
    called = line.startsWith('calls=')  // the line behind is the callee's cost, which stands in its own lines too
  }
  return sum
}

function count(scenario: string, folder: string): { instructions: number, deliveries: number } {
  const out = join(folder, 'callgrind.out')
  const args = ['--tool=callgrind', '--toggle-collect=measured', `--callgrind-out-file=${out}`, program, scenario]
  const { status, stdout, stderr } = spawnSync('valgrind', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${scenario} under valgrind failed: ${stderr}`)
  return { instructions: instructionsOf(readFileSync(out, 'utf8'), /NullKernel|Engine::stats|Stage::stat/), deliveries: Number(stdout) }
}

test('instructions per delivery', { skip: reasonToSkip(), timeout: 600_000 }, async (t) => {
  const { status, stderr } = spawnSync('make', ['--silent', '-C', join(packageRoot, 'bench/micro'), program], { encoding: 'utf8' })
  t.equal(status, 0, stderr)
  for (const [scenario, ceiling] of Object.entries(ceilings)) {
    const { instructions, deliveries } = count(scenario, t.testdir())
    const each = instructions / deliveries
    t.comment(`${scenario}: ${each.toFixed(1)} instructions per delivery`)
    t.ok(each <= ceiling, `${scenario}: at most ${ceiling} instructions per delivery, got: ${each.toFixed(1)}`)
    t.ok(each > ceiling * 0.8, `${scenario}: the ceiling is near what is counted, got: ${each.toFixed(1)} of ${ceiling}`)
  }
})

test('instructions are read from a profile', async (t) => {
  const profile = 'events: Ir\nfl=(1) a.cc\nfn=(1) fan_out\n12 100\n+3 10\ncfn=(2) NullKernel::send\ncalls=5 40\n15 500\n* 1\n\nfn=(2)\n40 500\n'
  t.equal(instructionsOf(profile, /NullKernel/), 111)
  t.equal(instructionsOf(profile, /nothing/), 611)
})
