// @ts-check
// Builds the addon for this machine's CPU and C library into prebuilds/, which `npm pack` puts into the package, and beside
// it the load generator of `broker bench`. Arguments are handed on to prebuildify: `npm run prebuild -- --arch arm64`.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { buildEnvironment, root } from './addon-build.mjs'

const require = createRequire(join(root, 'package.json'))

// prebuildify cleans build/ and moves the addon out of it, and a build for another CPU leaves foreign objects there: so it
// works on a copy. The copy lies inside node_modules to be on the same file system and to find the same dependencies.
const copy = join(root, 'node_modules', '.cache', `prebuild-${process.pid}`)

function copySources() {
  mkdirSync(copy, { recursive: true })
  for (const name of ['native', 'binding.gyp', 'package.json']) {
    cpSync(join(root, name), join(copy, name), { recursive: true })
  }
}

function prebuildify() {
  const options = ['--napi', '--strip', '--tag-libc', '--name', 'broker', '--cwd', copy, '--out', root]
  return spawnSync(process.execPath, [require.resolve('prebuildify/bin.js'), ...options, ...process.argv.slice(2)], {
    cwd: copy,
    env: { ...buildEnvironment(), npm_config_loglevel: 'warn' },
    stdio: ['ignore', 'inherit', 'inherit'],
  }).status
}

/** @param {string} flag @returns {string | undefined} */
function argument(flag) {
  const at = process.argv.indexOf(flag)
  return at < 0 ? undefined : process.argv[at + 1]
}

/** With the compiler of the environment (CXX), as the addon. */
function buildLoadGenerator() {
  const folder = join(root, 'prebuilds', `linux-${argument('--arch') ?? process.arch}`)
  const strip = argument('--strip-bin')
  const args = ['--silent', '-C', join(root, 'bench', 'load'), 'ship', `to=${folder}`, ...(strip === undefined ? [] : [`STRIP=${strip}`])]
  return spawnSync('make', args, { stdio: ['ignore', 'inherit', 'inherit'] }).status
}

if (process.platform === 'linux') {
  try {
    copySources()
    process.exitCode = (prebuildify() ?? 1) || (buildLoadGenerator() ?? 1)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
} else {
  console.error(`a prebuilt addon is made on Linux only, got: ${process.platform}`)
  process.exitCode = 1
}
