/** What documents and sources point at is there: files, headings, records of decisions. */

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { test } from 'tap'
import { packageRoot } from '../../src/package-info.js'
import { readSources } from '../support/house/house.js'

const link = /\[[^\]]*\]\(([^()\s]+(?:\([^()]*\))?)\)/g
const decision = /\bADRs? (\d+)/g

function markdownBelow(folder: string): string[] {
  return readdirSync(join(packageRoot, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : markdownBelow(path)
    return entry.name.endsWith('.md') ? [path] : []
  })
}

function textOf(path: string): string {
  return readFileSync(join(packageRoot, path), 'utf8')
}

/** What is within fences is shown, not said. */
function prose(text: string): string {
  return text.replace(/^ *```[^]*?^ *```/gm, '')
}

/** As forges make them: small letters, digits, - and _; of headings with one name the second is `name-1`. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of prose(text).matchAll(/^#{1,6} (.*)$/gm)) {
    const said = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    const name = said.toLowerCase().replace(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-')
    let anchor = name
    for (let number = 1; anchors.has(anchor); number += 1) anchor = `${name}-${number}`
    anchors.add(anchor)
  }
  return anchors
}

/** Where a link of this document leads to nothing, or null. */
function problemOf(document: string, target: string): string | null {
  if (/^[a-z]+:/.test(target)) return null
  const [path = '', anchor] = target.split('#', 2)
  const file = path === '' ? document : relative(packageRoot, join(packageRoot, dirname(document), path))
  if (!existsSync(join(packageRoot, file))) return `${document}: no ${file}`
  if (anchor === undefined || !file.endsWith('.md') || anchorsOf(textOf(file)).has(anchor)) return null
  return `${document}: no heading #${anchor} in ${file}`
}

const documents = readdirSync(packageRoot).filter((name) => name.endsWith('.md')).concat(markdownBelow('docs'), markdownBelow('examples'))

test('links lead somewhere', async (t) => {
  const links = documents.flatMap((document) => [...prose(textOf(document)).matchAll(link)].map(([, target = '']) => ({ document, target })))
  t.ok(links.length > 100, `${links.length} links`)
  t.strictSame(links.map(({ document, target }) => problemOf(document, target)).filter((problem) => problem !== null), [])
})

test('a link that leads nowhere is noticed', async (t) => {
  t.equal(problemOf('docs/testing.md', 'no-such.md'), 'docs/testing.md: no docs/no-such.md')
  t.equal(problemOf('docs/testing.md', 'hacking.md#no-such'), 'docs/testing.md: no heading #no-such in docs/hacking.md')
  t.equal(problemOf('docs/testing.md', '#fuzzing'), null)
  t.equal(problemOf('docs/testing.md', 'hacking.md#house-rules'), null)
})

test('decisions are numbered, and who names one names one that is there', async (t) => {
  const numbers = readdirSync(join(packageRoot, 'docs/adr')).map((name) => name.slice(0, 4)).sort()
  t.strictSame(numbers, numbers.map((_, at) => String(at + 1).padStart(4, '0')), 'each number once, none left out')
  const misnamed = markdownBelow('docs/adr').filter((path) => !textOf(path).startsWith(`# ${basename(path).slice(0, 4)}`))
  t.strictSame(misnamed, [], 'a record begins with its number')
  const said = [
    ...documents.map((path) => ({ path, text: textOf(path) })),
    ...readSources(packageRoot, ['native', 'src', 'bench', 'test']).map(({ path, lines }) => ({ path, text: lines.join('\n') })),
  ]
  const named = said.flatMap(({ path, text }) => [...text.matchAll(decision)].map(([words, number = '']) => ({ path, words, number })))
  t.ok(named.length > 30, `${named.length} times`)
  const wrong = named.filter(({ number }) => !numbers.includes(number)).map(({ path, words }) => `${path}: ${words}`)
  t.strictSame(wrong, [], 'four digits, and a record of that number')
})
