/** What can be configured, told from the schema itself: each key with what it must be and what it is by default. */

import { z } from 'zod'
import { inner } from './paths.js'
import { configSchema } from './schema.js'

export interface KeyReference {
  readonly path: readonly string[]
  /** What a value must be, such as `1..64`. */
  readonly must: string
  /** null: not at all, or none; undefined: it depends on the machine, or on other keys. */
  readonly usual: unknown
}

/** What a schema says of a value that nothing could take. */
function mustOf(schema: z.ZodType): string {
  const message = schema.safeParse(Symbol('nothing')).error?.issues[0]?.message ?? ''
  return message.replace(/^must be /, '')
}

function usualOf(schema: z.ZodType): unknown {
  const { success, data } = schema.safeParse(undefined)
  return success ? data : undefined
}

function walk(schema: z.ZodType, path: readonly string[]): KeyReference[] {
  const bare = inner(schema) as z.ZodType
  if (!(bare instanceof z.ZodObject)) return [{ path, must: mustOf(bare), usual: usualOf(schema) }]
  const usual = path.length === 0 || usualOf(schema) !== null ? [] : [{ path, must: 'a section of keys', usual: null }]
  return [...usual, ...Object.entries(bare.shape).flatMap(([key, value]) => walk(value as z.ZodType, [...path, key]))]
}

/** Every key of `broker start`, in the schema's order; a section that is off by default stands before its keys, with null. */
export function keyReference(): KeyReference[] {
  return walk(configSchema, [])
}
