/** JSON from a peer: objects only, and no deeper than 32 levels, so that nothing recurses far over it afterwards. */

import { endOfString } from './json-slices.js'

/** JSON.parse makes `__proto__` a key like others, so an absent key is never found in a prototype that came over the wire. */
export type JsonObject = Readonly<Record<string, unknown>>

export const jsonDepthMax = 32

const quote = 0x22
const openings: ReadonlySet<number> = new Set([0x5b, 0x7b])
const closings: ReadonlySet<number> = new Set([0x5d, 0x7d])

/** Counts brackets outside strings; right for valid JSON, harmless for the rest. */
function isShallow(text: string): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) at = endOfString(text, at) - 1
    else if (openings.has(code) && ++depth > jsonDepthMax) return false
    else if (closings.has(code)) depth--
  }
  return true
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Null for anything but a JSON object of at most 32 levels. */
export function parseJsonObject(text: string): JsonObject | null {
  if (!isShallow(text)) return null
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : null
  } catch {
    return null
  }
}
