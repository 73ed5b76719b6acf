/**
 * JSON as it was written. JSON.parse rounds numbers, and a second JSON.stringify writes them otherwise: what a server has signed is handed
 * on as its own text, and an id of twenty digits stays one. Texts come from parseJsonObject, so they are known to be valid.
 */

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openings: ReadonlySet<number> = new Set([0x5b, 0x7b])
const closings: ReadonlySet<number> = new Set([0x5d, 0x7d])
/** RFC 8259 §2: space, tab, line feed, carriage return. */
const spaces: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])

function skipSpace(text: string, at: number): number {
  while (spaces.has(text.charCodeAt(at))) at++
  return at
}

/** Index behind the string that begins at `at`. */
export function endOfString(text: string, at: number): number {
  for (at++; at < text.length && text.charCodeAt(at) !== quote; at++) {
    if (text.charCodeAt(at) === backslash) at++
  }
  return at + 1
}

/** Index behind the value that begins at `at`. */
function endOfValue(text: string, at: number): number {
  let depth = 0
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) at = endOfString(text, at) - 1
    else if (openings.has(code)) depth++
    else if (closings.has(code) && --depth < 0) break
    else if (depth === 0 && (code === comma || spaces.has(code))) break
  }
  return at
}

/** Whether the value behind `at` is the last one of its object or array. */
function isLast(text: string, at: number): boolean {
  return text.charCodeAt(at) !== comma
}

/** The members of a valid object: each name with its value's text. Of equal names the last counts, as in JSON.parse. */
export function memberTexts(object: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>()
  let at = skipSpace(object, skipSpace(object, 0) + 1)
  while (object.charCodeAt(at) === quote) {
    const nameEnd = endOfString(object, at)
    const name = JSON.parse(object.slice(at, nameEnd)) as string
    const from = skipSpace(object, skipSpace(object, nameEnd) + 1)
    const to = endOfValue(object, from)
    members.set(name, object.slice(from, to))
    at = skipSpace(object, to)
    if (isLast(object, at)) break
    at = skipSpace(object, at + 1)
  }
  return members
}

/** The texts of the values of a valid array. */
export function elementTexts(array: string): readonly string[] {
  const elements: string[] = []
  for (let at = skipSpace(array, 1); at < array.length - 1;) {
    const to = endOfValue(array, at)
    elements.push(array.slice(at, to))
    at = skipSpace(array, to)
    if (isLast(array, at)) break
    at = skipSpace(array, at + 1)
  }
  return elements
}
