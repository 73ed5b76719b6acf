/** A configuration as it is in effect: each key with its value, as it may be shown, and where that came from. */

import type { LoadedConfig } from '../config/load.js'
import { formatPath } from '../config/parse.js'
import { hidden, hideSecrets, isSecretAt } from '../config/secrets.js'
import { resolveEngineOptions } from '../engine/engine-options.js'
import { thisMachine } from '../machine/machine.js'
import type { EngineOptions } from '../native/binding.js'
import { loadAddon } from '../native/load.js'

export interface ConfigRow {
  readonly key: string
  /** Secrets are `(hidden)`. null: none, or off. */
  readonly value: unknown
  /** A file, a variable, a flag, `default`, or `this machine` where it follows from what there is here. */
  readonly source: string
}

type Path = readonly string[]

/** What the schema leaves open and the engine is told in the end. */
const ofMachine = ['shards', 'limits', 'grpc', 'retain', 'cpus'] as const

/** Null where this machine cannot say: no engine that loads, a host that does not resolve. Then `start` says why. */
async function machineOptions(config: LoadedConfig['config']): Promise<Partial<EngineOptions>> {
  try {
    return await resolveEngineOptions(config, thisMachine(loadAddon()))
  } catch {
    return {}
  }
}

function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function flatten(value: unknown, path: Path): (readonly [path: Path, value: unknown])[] {
  return isSection(value) ? Object.entries(value).flatMap(([key, item]) => flatten(item, [...path, key])) : [[path, value]]
}

function shown(path: Path, value: unknown): unknown {
  if (isSecretAt(path, value)) return hidden
  return JSON.parse(JSON.stringify(value ?? null, hideSecrets)) as unknown
}

/** The rows that a configuration has, then those that only this machine fills in. */
export async function configRows({ config, sourceOf }: LoadedConfig): Promise<ConfigRow[]> {
  const written = new Map(flatten(config, []).filter(([, value]) => value !== undefined).map(([path, value]) => [formatPath(path), { path, value }]))
  const options = await machineOptions(config)
  const derived = ofMachine.filter((key) => config[key] !== null).flatMap((key) => flatten(options[key], [key]))
  const rows = [...written].map(([key, { path, value }]) => ({ key, value: shown(path, value), source: sourceOf(key) ?? 'default' }))
  const added = derived.filter(([path, value]) => value !== undefined && value !== null && !written.has(formatPath(path)))
  return [...rows, ...added.map(([path, value]) => ({ key: formatPath(path), value, source: 'this machine' }))].sort(byKey)
}

/** Sections together, in their first key's order. */
function byKey(a: ConfigRow, b: ConfigRow): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0
}
