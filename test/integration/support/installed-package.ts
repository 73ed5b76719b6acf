/** This checkout as a package that is installed in a folder, whose own dependencies are found above it. */

import { cpSync, linkSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { packageName, packageRoot } from '../../../src/package-info.js'

/** `folder` must lie within this checkout, as tap's test folders do. */
export function installPackage(folder: string): void {
  const target = join(folder, 'node_modules', packageName)
  mkdirSync(join(target, 'build', 'Release'), { recursive: true })
  cpSync(join(packageRoot, 'package.json'), join(target, 'package.json'))
  for (const part of ['src', 'cjs']) cpSync(join(packageRoot, 'dist', part), join(target, 'dist', part), { recursive: true })
  linkSync(join(packageRoot, 'build/Release/broker.node'), join(target, 'build/Release/broker.node'))
}
