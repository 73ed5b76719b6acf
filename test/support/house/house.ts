/** What all house rules share: the tree they look at, what they find in it, and the table of what they let pass. */

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export interface SourceFile {
  /** From the package's root, with `/`. */
  readonly path: string
  readonly lines: readonly string[]
}

/** One breach of a rule. */
export interface Breach {
  readonly path: string
  /** Counted from 1. */
  readonly line: number
  /** The rule in words, such as `a file has at most 400 lines`. */
  readonly rule: string
  readonly got: string
  /** What it weighs against the number in the table: 1, or the size where a size is the rule. */
  readonly weight: number
}

/** Breaches of today by file: their weights' sum. It may only fall. */
export type Known = Readonly<Record<string, number>>

/** Made by others, or from others' text. */
const skipped: ReadonlySet<string> = new Set(['node_modules', 'dist', 'build', 'vendor', 'results'])

function pathsBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : pathsBelow(root, path)
    return [path]
  })
}

export function linesOf(text: string): string[] {
  const lines = text.split('\n')
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

/** The C++ and TypeScript files of these folders, sorted. */
export function readSources(root: string, folders: readonly string[]): SourceFile[] {
  const paths = folders.flatMap((folder) => pathsBelow(root, folder)).filter((path) => /\.(cc|h|def|ts|cts|mjs)$/.test(path))
  return paths.sort().map((path) => ({ path, lines: linesOf(readFileSync(join(root, path), 'utf8')) }))
}

export function told({ path, line, rule, got }: Breach): string {
  return `${path}:${line}: ${rule}, got: ${got}`
}

function sumByFile(breaches: readonly Breach[]): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { path, weight } of breaches) sums.set(path, (sums.get(path) ?? 0) + weight)
  return sums
}

/** What is wrong, a line each: breaches beyond those that are known, and rows of the table that no longer have one. */
export function unexpected(breaches: readonly Breach[], known: Known): string[] {
  const sums = sumByFile(breaches)
  const beyond = breaches.filter(({ path }) => (sums.get(path) ?? 0) > (known[path] ?? 0)).map((breach) => {
    const allowed = known[breach.path]
    return allowed === undefined ? told(breach) : `${told(breach)} (its number in test/support/house/known.ts is ${allowed})`
  })
  const paid = Object.keys(known).filter((path) => !sums.has(path))
  return [...beyond, ...paid.map((path) => `${path}: keeps the rule now, take its row out of test/support/house/known.ts`)]
}
