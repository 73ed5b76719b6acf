// @ts-check
// Which tests the development loop runs again: those that mirror what changed.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** @typedef {{ typescript: string[], native: string[] }} Touched
 * `typescript`: test files. `native`: doctest's filters for source files, empty: no test of C++ is touched. */

/** @param {string[]} values */
function unique(values) {
  return [...new Set(values)]
}

/**
 * `native/topic/log.h`: the tests of `log`, or all of the folder where it has none of its own; a test: itself.
 * @param {string} file @param {(path: string) => boolean} exists
 */
function nativeFilter(file, exists) {
  if (!/^(test\/)?native\/.*\.(cc|h|def)$/.test(file) || /^native\/addon\//.test(file)) return []
  if (file.endsWith('_test.cc')) return exists(file) ? [`*/${file}`] : []
  const mirrored = file.startsWith('test/') ? file : join('test', file)
  const own = mirrored.replace(/\.(cc|h|def)$/, '_test.cc')
  return [exists(own) ? `*/${own}` : `*/${dirname(mirrored)}/*`]
}

/** @param {string} file @param {(path: string) => boolean} exists */
function typescriptTest(file, exists) {
  const mirrored = file.startsWith('src/') || file.startsWith('native/tools/') ? join('test', file).replace(/\.mjs$/, '.ts') : file
  return /^test\/(src|integration|conformance|house|native\/tools)\/.*\.ts$/.test(mirrored) && exists(mirrored) ? [mirrored] : []
}

/**
 * @param {string[]} files from the package's root, with `/`
 * @param {string} root
 * @param {(path: string) => boolean} exists
 * @returns {Touched}
 */
export function touchedTests(files, root, exists = (path) => existsSync(join(root, path))) {
  return {
    typescript: unique(files.flatMap((file) => typescriptTest(file, exists))),
    native: unique(files.flatMap((file) => nativeFilter(file, exists))),
  }
}
