// @ts-check
// What the build scripts share: where things are, whether the built addon is up to date, and how to compile it.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** A source checkout, as opposed to an installed package: only the checkout has the compiler's settings. */
export const isCheckout = existsSync(join(root, 'tsconfig.json'))

const addonFile = join(root, 'build', 'Release', 'broker.node')
const stampFile = join(root, 'build', 'Release', 'broker.sources.sha256')
const require = createRequire(join(root, 'package.json'))

/**
 * A digest of everything the compiled addon is made of. A digest, not a time stamp: switching branches back and forth
 * must not compile, and a deleted source file must.
 */
function sourcesDigest() {
  const files = readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(cc|h|def)$/.test(file))
    .map((file) => join('native', file))
    .sort()
  const hash = createHash('sha256')
  for (const file of ['binding.gyp', ...files]) {
    hash.update(`${file}\0`).update(readFileSync(join(root, file))).update('\0')
  }
  return hash.digest('hex')
}

/** True when build/Release holds an addon made of exactly the sources that are there now. */
export function isUpToDate() {
  if (!existsSync(addonFile) || !existsSync(stampFile)) return false
  return readFileSync(stampFile, 'utf8').trim() === sourcesDigest()
}

/** True when some addon (built or prebuilt) loads in this process. */
export function loadsSomewhere() {
  try {
    require('node-gyp-build')(root)
    return true
  } catch {
    return false
  }
}

/**
 * The environment for node-gyp. It downloads headers unless told where they are; npm's own `nodedir` is not seen outside
 * npm, so a node whose prefix has headers points at itself.
 */
export function buildEnvironment() {
  const prefix = dirname(dirname(process.execPath))
  const headers = ['node_api.h', 'common.gypi'].every((file) => existsSync(join(prefix, 'include', 'node', file)))
  const env = { ...process.env }
  if (env['npm_config_nodedir'] === undefined && headers) env['npm_config_nodedir'] = prefix
  return env
}

/** The command that runs node-gyp: the project's own, else the one npm brings, which it tells who is run by it, else one on PATH. */
function nodeGyp() {
  try {
    return [process.execPath, require.resolve('node-gyp/bin/node-gyp.js')]
  } catch {
    const besideNode = join(dirname(dirname(process.execPath)), 'lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js')
    const bundled = process.env['npm_config_node_gyp'] ?? (existsSync(besideNode) ? besideNode : undefined)
    return bundled === undefined ? ['node-gyp'] : [process.execPath, bundled]
  }
}

/**
 * Compiles what changed (`configure build`, so that make decides) and records which sources it was.
 * @returns {boolean} false when the compiler failed; its messages are on stderr already.
 */
export function compile() {
  const digest = sourcesDigest()
  const [command = '', ...args] = nodeGyp()
  const jobs = String(Math.min(availableParallelism(), 8))
  const { status } = spawnSync(command, [...args, 'configure', 'build', '--jobs', jobs, '--loglevel', 'warn'], {
    cwd: root,
    env: buildEnvironment(),
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status === 0) recordSources(digest)
  return status === 0
}

/** Notes that build/Release was made of the sources with this digest. */
export function recordSources(digest = sourcesDigest()) {
  mkdirSync(dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, `${digest}\n`)
}
