// @ts-check
// Makes dist/cjs of dist/src: the package in one CommonJS file, with its declarations, for `require` in programs and test runners that
// cannot load ES modules. Its dependencies stay outside, but for those that are ES modules only. Both forms are the same code; a program should
// use one of them.

import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './addon-build.mjs'

/** Dependencies that `require` cannot load (before Node 20.19); their licenses go with them. */
const within = ['jose']

/** @returns {string[]} */
function outside() {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => !within.includes(name))
}

/** Declarations of what the interface does not reach are left out. @param {string} file */
function isDeclared(file) {
  return !/\.(js|map)$/.test(file) && !file.includes(join('src', 'cli')) && !file.includes(join('src', 'bench')) && !file.includes(join('src', 'client'))
}

export async function buildCommonJs() {
  const { build } = await import('esbuild')
  const target = join(root, 'dist', 'cjs')
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  writeFileSync(join(target, 'package.json'), '{ "type": "commonjs" }\n')
  cpSync(join(root, 'dist', 'src'), target, { recursive: true, filter: isDeclared })
  for (const name of within) copyFileSync(join(root, 'node_modules', name, 'LICENSE.md'), join(target, `LICENSE-${name}.md`))
  await build({
    entryPoints: [join(root, 'dist', 'src', 'index.js')],
    outfile: join(target, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: outside(),
    supported: { 'dynamic-import': false }, // test runners have none
    banner: { js: "const ownFileUrl = require('node:url').pathToFileURL(__filename).href" },
    define: { 'import.meta.url': 'ownFileUrl' },
    logLevel: 'warning',
  })
}
