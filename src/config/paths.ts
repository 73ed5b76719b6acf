/** The keys of a schema, and their names in the environment. */

import { z } from 'zod'

export interface Leaf {
  readonly path: readonly string[]
  /** The value is a list: text is split at commas, or read as YAML when it starts with a bracket. */
  readonly list: boolean
}

/** The schema inside `.optional()`, `.nullable()`, `.default()` and `.prefault()`. */
export function inner(schema: unknown): unknown {
  const wrapped =
    schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault
  return wrapped ? inner(schema.unwrap()) : schema
}

/**
 * The keys that may stand beside the last one of a path, itself a key or not: of the section, or of an item of the list, that it is in.
 * None where the path leads through no sections.
 */
export function siblingKeys(schema: unknown, [key, ...rest]: readonly PropertyKey[]): string[] {
  const bare = inner(schema)
  if (bare instanceof z.ZodArray) return siblingKeys(bare.element, rest)
  if (!(bare instanceof z.ZodObject)) return []
  return rest.length === 0 ? Object.keys(bare.shape) : siblingKeys(bare.shape[String(key)], rest)
}

function walk(schema: unknown, path: readonly string[]): Leaf[] {
  const bare = inner(schema)
  if (!(bare instanceof z.ZodObject)) return [{ path, list: bare instanceof z.ZodArray }]
  return Object.entries(bare.shape).flatMap(([key, value]) => walk(value, [...path, key]))
}

/** Every key that is not a section, in the schema's order. */
export function leafPaths(schema: z.ZodObject): Leaf[] {
  return walk(schema, [])
}

/** `limits.messageBytesMax` → `BROKER_LIMITS_MESSAGE_BYTES_MAX`. */
export function environmentName(path: readonly string[]): string {
  const words = path.map((key) => key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase())
  return ['BROKER', ...words].join('_')
}
