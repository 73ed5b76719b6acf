// @ts-check
// Runs after `npm install` in a source checkout, behind the addon: compiles the TypeScript, makes the form of the package for CommonJS
// and that of the client for browsers, and links the command into node_modules/.bin.

import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { isCheckout, root } from './addon-build.mjs'
import { buildClient } from './client.mjs'
import { buildCommonJs } from './commonjs.mjs'

const require = createRequire(import.meta.url)

/** The path of the TypeScript compiler, or null in an install without development dependencies. */
function tsc() {
  try {
    return require.resolve('typescript/bin/tsc')
  } catch {
    return null
  }
}

function link() {
  const bin = join(root, 'node_modules', '.bin')
  mkdirSync(bin, { recursive: true })
  rmSync(join(bin, 'broker'), { force: true })
  symlinkSync(join('..', '..', 'dist', 'src', 'cli', 'broker.cjs'), join(bin, 'broker'))
}

const compiler = tsc()
if (isCheckout && compiler !== null && existsSync(join(root, 'src'))) {
  const { status } = spawnSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.json')], { stdio: 'inherit' })
  if (status !== 0) process.exit(1)
  chmodSync(join(root, 'dist', 'src', 'cli', 'broker.cjs'), 0o755)
  await buildCommonJs()
  await buildClient(join(root, 'dist', 'src', 'client', 'client.js'), join(root, 'dist', 'client.js'))
  link()
}
