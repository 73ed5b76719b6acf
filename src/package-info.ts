/** Where this package is on disk and what its package.json says; the same from `src/` and from `dist/src/`. */

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

function findRoot(from: string): string {
  if (existsSync(join(from, 'package.json'))) return from
  const parent = dirname(from)
  if (parent === from) throw new Error(`package.json must lie above the package's own files, got: ${import.meta.url}`)
  return findRoot(parent)
}

/** The folder with package.json, binding.gyp, build/ and prebuilds/. */
export const packageRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)))

/** The version in package.json, such as `0.1.0`. */
export function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
  return manifest.version
}
