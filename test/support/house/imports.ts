/** House rules of `src/`: who may import whom, types included. */

import { posix } from 'node:path'
import type { Breach, SourceFile } from './house.js'

/**
 * From the bottom up. A unit is a folder of `src/`, or files of it that belong together. It may import itself and every floor
 * below its own, never a unit beside it.
 */
export const typescriptFloors: readonly (readonly string[])[] = [
  ['errors.ts package-info.ts', 'log', 'endpoint.ts', 'client'],
  ['config'],
  ['native'],
  ['machine', 'listen-error.ts', 'bench', 'subscriptions.ts', 'history.ts', 'connections.ts'],
  ['http', 'auth', 'tls'],
  ['api', 'pusher', 'engine', 'exit-guard.ts'],
  ['broker.ts broker-contract.ts create-broker.ts index.ts extension.ts extension-port.ts api-extension.ts auth-extension.ts pusher-extension.ts tls-extension.ts http-place.ts'],
  ['cli'],
]

const importing = /\b(?:from|import|require)\s*\(?\s*['"](\.[^'"]*)['"]/g
/** What loads a `.node`, or makes what can. */
const loading = /\bcreateRequire\s*\(|\bdlopen\b|\bnode-gyp-build['"]|require\([^)]*\.node['"`]/

/** Null: on no floor. */
function unitOf(path: string, floors: readonly (readonly string[])[]): { unit: string, floor: number } | null {
  const name = path.split('/')[1] ?? ''
  for (const [floor, units] of floors.entries()) {
    const unit = units.find((each) => each.split(' ').includes(name))
    if (unit !== undefined) return { unit, floor }
  }
  return null
}

function isSource(file: SourceFile): boolean {
  return file.path.startsWith('src/')
}

/** Why it may not be imported; null: it may. */
function refusal(from: string, to: string, floors: readonly (readonly string[])[]): string | null {
  const [importer, imported] = [unitOf(from, floors), unitOf(to, floors)]
  const lost = importer === null ? from : imported === null ? to : null
  if (lost !== null) return `${lost} is on no floor (test/support/house/imports.ts)`
  if (importer?.unit === imported?.unit || (importer?.floor ?? 0) > (imported?.floor ?? 0)) return null
  return `src/${from.split('/')[1]} may not import src/${to.split('/')[1]}`
}

/** `cli → broker, extensions → {api, pusher, engine} → {http, auth, tls} → machine → native → config → errors, log`. */
export function importBreaches(files: readonly SourceFile[], floors = typescriptFloors): Breach[] {
  return files.filter(isSource).flatMap((file) => file.lines.flatMap((text, index) => {
    return [...text.matchAll(importing)].flatMap(([, name = '']) => {
      const target = posix.join(posix.dirname(file.path), name)
      const rule = refusal(file.path, target.replace(/\.js$/, '.ts'), floors)
      return rule === null ? [] : [{ path: file.path, line: index + 1, rule, got: name, weight: 1 }]
    })
  }))
}

/** Only `src/native/` loads the engine. */
export function addonBreaches(files: readonly SourceFile[]): Breach[] {
  const others = files.filter((file) => isSource(file) && !file.path.startsWith('src/native/'))
  return others.flatMap(({ path, lines }) => lines.flatMap((text, index) => {
    const match = loading.exec(text)
    return match === null ? [] : [{ path, line: index + 1, rule: 'only src/native loads a .node', got: match[0], weight: 1 }]
  }))
}
