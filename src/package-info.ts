/** Where this package is on disk and what its package.json says; the same from `src/` and from `dist/src/`. */

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The name in package.json. */
export const packageName = '@tutti/broker'

/** Where this file is within the package. A bundle may lie anywhere, also in a checkout of it. */
const ownFolders: ReadonlySet<string> = new Set(['src', 'dist'])

function isOurs(folder: string, own: string): boolean {
  const file = join(folder, 'package.json')
  return ownFolders.has(relative(folder, own).split(sep)[0] ?? '') && existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown }).name === packageName
}

/** Empty: none of the folders above `own` is the package's, as in a bundle. */
function findRoot(own: string, from = dirname(own)): string {
  if (isOurs(from, own)) return from
  const parent = dirname(from)
  return parent === from ? '' : findRoot(own, parent)
}

/** Bundlers leave no URL where the bundle is CommonJS. */
const ownUrl: string | undefined = import.meta.url

/** The folder with package.json, binding.gyp, build/ and prebuilds/; empty in a bundle, which has none of them. */
export const packageRoot: string = ownUrl === undefined ? '' : findRoot(fileURLToPath(ownUrl))

/** The version in package.json, such as `0.1.0`. */
export function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
  return manifest.version
}
