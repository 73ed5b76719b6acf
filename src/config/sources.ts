/** Where configuration comes from. Every source becomes a list of entries; later entries win over earlier ones. */

import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { parse } from 'yaml'
import { ConfigError } from '../errors.js'
import { nearest } from './nearest.js'
import { formatGot, formatGotAt } from './parse.js'
import { environmentName, leafPaths, type Leaf } from './paths.js'
import { configSchema } from './schema.js'

/** One value of one source. */
export interface Entry {
  readonly path: readonly string[]
  readonly value: unknown
  /** Named in errors: a file, `BROKER_SHARDS`, `--shards`. */
  readonly source: string
  /** True: left out where a section on its path is switched off (null). */
  readonly unlessOff?: boolean
}

const leaves: readonly Leaf[] = leafPaths(configSchema)
const leafOfVariable = new Map(leaves.map((leaf) => [environmentName(leaf.path), leaf]))
const leafOfKey = new Map(leaves.map((leaf) => [leaf.path.join('.'), leaf]))

/** Says nothing by itself: what it would warn of it would quote. */
function parseYaml(text: string): unknown {
  return parse(text, { logLevel: 'error' })
}

/** Names the file to read; a flag of the same meaning wins. */
export const configFileVariable = 'BROKER_CONFIG'
/** Variables that are no keys: the file, and what clients show. */
const otherVariables: ReadonlySet<string> = new Set([configFileVariable, 'BROKER_TOKEN'])

/**
 * Variables that Kubernetes sets for a service called `broker` or `broker-…`: not ours, although they look like it.
 * One of them, BROKER_PUBLISH_PORT=tcp://…, even has the name of a key.
 */
function isServiceLink(name: string, value: string): boolean {
  if (/_SERVICE_(HOST|PORT)(_|$)|_PORT_\d+_(TCP|UDP|SCTP)(_|$)/.test(name)) return true
  return name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value)
}

/** Text of a variable or flag as the value it stands for. @throws {ConfigError} a list in brackets that is no YAML. */
function textToValue(text: string, leaf: Leaf | undefined, source: string): unknown {
  if (leaf === undefined || !leaf.list) return text === 'null' ? null : text
  if (!text.trimStart().startsWith('[')) return text === 'null' ? null : text.split(',').map((item) => item.trim())
  try {
    return parseYaml(text)
  } catch {
    throw new ConfigError([{ path: leaf.path.join('.'), problem: 'must be a list', got: formatGotAt(leaf.path, text), source }])
  }
}

type Environment = Readonly<Record<string, string | undefined>>

/** A name that nearly is one of ours is a mistake; any other may be somebody else's. */
function guessVariable(name: string): string | null {
  return nearest(name, [...leafOfVariable.keys()], 'BROKER_')
}

/** BROKER_ variables that are not ours: BROKER_URL may be one of the program that connects here. */
export function foreignVariables(env: Environment): string[] {
  return Object.entries(env).flatMap(([name, text]) => {
    const ours = !name.startsWith('BROKER_') || otherVariables.has(name) || leafOfVariable.has(name)
    return ours || !text || isServiceLink(name, text) || guessVariable(name) !== null ? [] : [name]
  })
}

/**
 * The entries of all BROKER_ variables; an empty variable counts as absent, and one that is not ours is passed over (foreignVariables).
 * @throws {ConfigError} a variable that nearly names a key.
 */
export function environmentEntries(env: Environment): Entry[] {
  return Object.entries(env).flatMap(([name, text]) => {
    if (!name.startsWith('BROKER_') || otherVariables.has(name) || text === undefined || text === '') return []
    if (isServiceLink(name, text)) return []
    const leaf = leafOfVariable.get(name)
    if (leaf === undefined) {
      const guess = guessVariable(name)
      if (guess === null) return []
      const problem = `is not a known variable (did you mean ${guess}?)`
      throw new ConfigError([{ path: name, problem, got: formatGotAt(leafOfVariable.get(guess)?.path ?? [], text), source: null }])
    }
    return [{ path: leaf.path, value: textToValue(text, leaf, name), source: name }]
  })
}

/** The entry of `--set limits.messageBytesMax=128KiB`. @throws {ConfigError} no equals sign. */
export function assignmentEntry(assignment: string): Entry {
  const at = assignment.indexOf('=')
  if (at < 1) {
    throw new ConfigError([{ path: '--set', problem: 'must be <key>=<value>', got: formatGot(assignment), source: null }])
  }
  const key = assignment.slice(0, at)
  const value = textToValue(assignment.slice(at + 1), leafOfKey.get(key), '--set')
  return { path: key.split('.'), value, source: '--set' }
}

/** The entry of a flag that stands for one key; its text is read like a variable's. */
export function flagEntry(key: string, value: string | readonly string[], source: string): Entry {
  const path = key.split('.')
  return { path, value: typeof value === 'string' ? textToValue(value, leafOfKey.get(key), source) : value, source }
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function flatten(value: unknown, path: readonly string[], source: string): Entry[] {
  const section = isSection(value) && (path.length === 0 || Object.keys(value).length > 0)
  if (!section) return [{ path, value, source }]
  return Object.entries(value).flatMap(([key, item]) => flatten(item, [...path, key], source))
}

function readConfigFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException
    throw new ConfigError([{ path: '--config', problem: 'must name a readable file', got: `${file} (${code})`, source: null }])
  }
}

/** The first line of what a parser says, without what it quotes of the document, which may be a secret. */
function withoutQuotes(message: string): string {
  const [line = ''] = message.split('\n', 1)
  return line.replace(/, (\.{3})?".*$/, '').replace(/(characters|alias[^:]*): .*?( at line \d+, column \d+)?:?$/, '$1$2')
}

/**
 * The entries of a JSON file (`.json`) or YAML file (any other name).
 * @throws {ConfigError} a file that cannot be read or parsed, or whose document is not a section of keys.
 */
export function fileEntries(file: string): Entry[] {
  const text = readConfigFile(file)
  const kind = extname(file) === '.json' ? 'JSON' : 'YAML'
  let document: unknown
  try {
    document = kind === 'JSON' ? JSON.parse(text) : parseYaml(text)
  } catch (error) {
    throw new ConfigError([{ path: file, problem: `must be ${kind}`, got: withoutQuotes((error as Error).message), source: null }])
  }
  if (document === null || document === undefined) return []
  if (!isSection(document)) {
    throw new ConfigError([{ path: file, problem: 'must hold a section of keys', got: formatGot(document), source: null }])
  }
  return flatten(document, [], file)
}
