/** Loads the compiled engine. No other file loads a `.node`. */

import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { AddonLoadError } from '../errors.js'
import { packageRoot } from '../package-info.js'
import type { NativeAddon } from './binding.js'

export interface LoadOptions {
  /** The folder with build/ and prebuilds/. */
  readonly root: string
  /** As process.platform. */
  readonly platform: string
  /** As process.arch. */
  readonly arch: string
  /** Skip build/, as node-gyp-build does with PREBUILDS_ONLY. */
  readonly prebuildsOnly: boolean
}

const here: LoadOptions = {
  root: packageRoot,
  platform: process.platform,
  arch: process.arch,
  prebuildsOnly: Boolean(process.env['PREBUILDS_ONLY']),
}

const fix = 'fix: install g++ (12 or later), make and python3, then run npx @tutti/broker build (in a checkout: npm install)'
const bundled = '@tutti/broker cannot be part of a bundle, its engine is a file beside it: keep it installed, and leave it out of the bundle '
  + '(esbuild: --external:@tutti/broker)'

function libc(): string {
  // Without it the report looks up the names of all peers of this process, which can take seconds.
  const options = process.report as { excludeNetwork?: boolean }
  const { excludeNetwork = false } = options
  options.excludeNetwork = true
  const header = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
  options.excludeNetwork = excludeNetwork
  return header.header?.glibcVersionRuntime === undefined ? 'musl' : 'glibc'
}

/** The `.node` files of a folder, none when it is missing. */
function addonsIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.node')).map((name) => join(folder, name))
  } catch {
    return []
  }
}

/** Best first: what was compiled here, then the prebuilt ones, those tagged with this C library before untagged ones. */
function candidates({ root, platform, arch, prebuildsOnly }: LoadOptions): string[] {
  const built = prebuildsOnly ? [] : addonsIn(join(root, 'build', 'Release'))
  const prebuilt = addonsIn(join(root, 'prebuilds', `${platform}-${arch}`))
  const foreign = libc() === 'glibc' ? '.musl.' : '.glibc.'
  const usable = prebuilt.filter((file) => !file.includes(foreign))
  return [...built, ...usable.sort((a, b) => b.split('.').length - a.split('.').length)]
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n', 1)[0] ?? ''
}

/**
 * Loads the engine's addon, trying every place it may be in.
 * @throws {AddonLoadError} not on Linux, part of a bundle, or nothing loaded: then the message lists each failure and the fix.
 */
export function loadAddon(options: LoadOptions = here): NativeAddon {
  if (options.platform !== 'linux') {
    throw new AddonLoadError(`the broker's engine needs Linux (epoll), got: ${options.platform}`)
  }
  if (options.root === '') throw new AddonLoadError(bundled)
  const require = createRequire(join(options.root, 'package.json'))
  const files = candidates(options)
  const failures: string[] = []
  for (const file of files) {
    try {
      return require(file) as NativeAddon
    } catch (error) {
      failures.push(`${file}: ${firstLine(error)}`)
    }
  }
  if (files.length === 0) failures.push(`no addon for ${options.platform}-${options.arch} under ${options.root}`)
  throw new AddonLoadError(['cannot load the engine', ...failures, fix].join('\n  '))
}
