/** One configuration out of all sources: flags before environment before file before defaults. */

import { formatPath, parseConfig, type SourceOf } from './parse.js'
import type { Config } from './schema.js'
import { readableSecretWarning } from './secrets.js'
import { configFileVariable, environmentEntries, fileEntries, type Entry } from './sources.js'

export interface ConfigSources {
  /** The file of `--config`, or null; BROKER_CONFIG counts when it is null. */
  readonly file: string | null
  readonly env: Readonly<Record<string, string | undefined>>
  readonly flags: readonly Entry[]
}

export interface LoadedConfig {
  readonly config: Config
  /** What an operator should change, a line each. */
  readonly warnings: readonly string[]
  /** Which source a key's value came from, for errors found later. */
  readonly sourceOf: (path: string) => string | null
}

type Tree = { [key: string]: unknown }

/** A section without a prototype: a key `__proto__` of a hostile file is then a key like any other. */
function emptyTree(): Tree {
  return Object.create(null) as Tree
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null
}

function place(tree: Tree, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path
  if (rest.length === 0) {
    tree[key] = value
    return
  }
  const present = tree[key]
  const child = isTree(present) ? present : emptyTree()
  tree[key] = child
  place(child, rest, value)
}

/** Whether a section on the way to a value is switched off. */
function isOff(tree: Tree, [key = '', ...rest]: readonly string[]): boolean {
  const present = tree[key]
  return rest.length > 0 && (present === null || (isTree(present) && isOff(present, rest)))
}

/** The nearest entry at or above a path: a list is one entry, its items have none of their own. */
function findAbove(sources: ReadonlyMap<string, string>, path: readonly PropertyKey[]): string | null {
  if (path.length === 0) return null
  return sources.get(formatPath(path)) ?? findAbove(sources, path.slice(0, -1))
}

/** Else, of a section, the first entry within it. */
function findSource(sources: ReadonlyMap<string, string>, path: readonly PropertyKey[]): string | null {
  const within = `${formatPath(path)}.`
  return findAbove(sources, path) ?? [...sources].find(([key]) => key.startsWith(within))?.[1] ?? null
}

/** Whether it is told of secrets there when everybody may read them: of sections that name files for them, too. */
function isGuarded({ path }: Entry): boolean {
  return path[0] === 'auth' || path.includes('tls')
}

/**
 * Reads and merges all sources and validates the result.
 * @throws {ConfigError} see parse.ts and sources.ts; nothing has been started then.
 */
export function loadConfig({ file, env, flags }: ConfigSources): LoadedConfig {
  const configFile = file ?? (env[configFileVariable] || null)
  const inFile = configFile === null ? [] : fileEntries(configFile)
  const entries = [...inFile, ...environmentEntries(env), ...flags]
  const tree = emptyTree()
  const sources = new Map<string, string>()
  for (const { path, value, source, unlessOff = false } of entries) {
    if (unlessOff && isOff(tree, path)) continue
    place(tree, path, value)
    sources.set(formatPath(path), source)
  }
  const sourceOf: SourceOf = (path) => findSource(sources, path)
  const config = parseConfig(tree, sourceOf)
  const guarded = inFile.filter(isGuarded).map(({ path, value }) => ({ [path.at(-1) ?? '']: value }))
  const warning = configFile === null ? null : readableSecretWarning(configFile, guarded)
  return { config, warnings: warning === null ? [] : [warning], sourceOf: (path) => findSource(sources, path.split(/[.[]/).filter(Boolean)) }
}
