/** House rules of every folder: how long a file and a line may be. */

import type { Breach, SourceFile } from './house.js'

interface Bounds {
  readonly fileLinesMax: number
  readonly lineMax: number
}

/** Tests may have more cases than a file has ideas, and lines that show what goes over the wire. */
const ofTests: Bounds = { fileLinesMax: 400, lineMax: 200 }

export function boundsOf(path: string): Bounds {
  if (path.startsWith('test/')) return ofTests
  return { fileLinesMax: /\.(cc|h|def)$/.test(path) ? 400 : 250, lineMax: 160 }
}

/** Each breach weighs what the file has. */
export function fileLengthBreaches(files: readonly SourceFile[]): Breach[] {
  return files.filter(({ path, lines }) => lines.length > boundsOf(path).fileLinesMax).map(({ path, lines }) => {
    const rule = `a file has at most ${boundsOf(path).fileLinesMax} lines`
    return { path, line: lines.length, rule, got: String(lines.length), weight: lines.length }
  })
}

/** In characters. Each line weighs one. */
export function lineLengthBreaches(files: readonly SourceFile[]): Breach[] {
  return files.flatMap(({ path, lines }) => {
    const { lineMax } = boundsOf(path)
    return lines.flatMap((text, index) => {
      const length = [...text].length
      return length > lineMax ? [{ path, line: index + 1, rule: `a line has at most ${lineMax} characters`, got: String(length), weight: 1 }] : []
    })
  })
}
