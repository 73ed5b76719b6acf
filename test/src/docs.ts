/** What docs/protocols.md says of files and tests is so: each file is there, and in it each test that is named. */

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { packageRoot } from '../../src/package-info.js'

const files = /`([\w./-]+\.(?:ts|cc|mjs))`/g
/** In a cell with tests: a file, or the name of a test in the file before it. */
const filesAndNames = /`([\w./-]+\.(?:ts|cc))`|"([^"]+)"/g
const titles = /\b(?:test\(|TEST_CASE\(|TEST_CASE_FIXTURE\(\w+,)\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`([^`]*)`)/g

interface Row {
  readonly contract: string
  readonly where: string
  /** The cells of tests, one text. */
  readonly tests: string
}

/** Rows of the table below a heading. */
function rowsBelow(heading: string): Row[] {
  const text = readFileSync(join(packageRoot, 'docs/protocols.md'), 'utf8')
  const section = text.slice(text.indexOf(heading)).split('\n### ')[0] ?? ''
  const lines = section.split('\n').filter((line) => line.startsWith('| ')).slice(2)
  return lines.map((line) => {
    const [contract = '', where = '', ...tests] = line.slice(2).split(' |')
    return { contract, where, tests: tests.join(' ') }
  })
}

/** The first of these folders that has the file; null: none. */
function find(file: string, folders: readonly string[]): string | null {
  return folders.map((folder) => join(packageRoot, folder, file)).find((path) => existsSync(path)) ?? null
}

function unescaped(title: string): string {
  return title.replace(/\\(.)/g, '$1')
}

/** What tests of a file are called; an expression in a name stands as `…`. */
function titlesOf(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(titles)].map(([, single, double, template]) => {
    return template === undefined ? unescaped(single ?? double ?? '') : template.replace(/\$\{[^}]*\}/g, '…')
  })
}

/** A name may be cut: `the beginning…`. */
function isTitle(name: string, title: string): boolean {
  return title === name || (name.endsWith('…') && title.startsWith(name.slice(0, -1)))
}

/** What is named and is not there. */
function missingIn(tests: string): string[] {
  const missing: string[] = []
  let known: readonly string[] = []
  for (const [, file, name = ''] of tests.matchAll(filesAndNames)) {
    if (file === undefined) {
      if (!known.some((title) => isTitle(name, title))) missing.push(name)
      continue
    }
    const path = find(file, ['test/src/pusher', 'test'])
    known = path === null ? [] : titlesOf(path)
    if (known.length === 0) missing.push(file)
  }
  return missing
}

const headings = [
  '### Each line of the contract and its test', '### Malformed and forged input', "### Each line of the responder's contract and its test",
  "### Each line of gRPC's contract and its test",
  "### Each line of TLS's contract and its test",
]

for (const heading of headings) {
  test(heading, async (t) => {
    const rows = rowsBelow(heading)
    t.ok(rows.length >= 8, `${rows.length} rows`)
    for (const { contract, where, tests } of rows) {
      t.ok(tests.includes('`'), `a test for: ${contract}`)
      t.strictSame(missingIn(tests), [], contract)
      const sources = [...where.matchAll(files)].map(([, file = '']) => file)
      t.strictSame(sources.filter((file) => find(file, ['src/pusher', '.']) === null), [], `where: ${where}`)
    }
  })
}

test('docs/proxies.md shows the files that are tested', async (t) => {
  const text = readFileSync(join(packageRoot, 'docs/proxies.md'), 'utf8')
  const folder = join(packageRoot, 'examples/proxies')
  const names = readdirSync(folder)
  t.equal(names.length, 6)
  for (const name of names) t.ok(text.includes(`\n${readFileSync(join(folder, name), 'utf8')}\`\`\`\n`), name)
})

test('what is not there is noticed', async (t) => {
  t.strictSame(missingIn('`auth.ts` "what is forged", "what is fo…"'), [])
  const wrong = missingIn('`auth.ts` "what is fo", "nothing…"; `no-such-file.ts` "what is forged"')
  t.strictSame(wrong, ['what is fo', 'nothing…', 'no-such-file.ts', 'what is forged'])
})
