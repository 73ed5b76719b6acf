import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { loadAddon, type LoadOptions } from '../../../src/native/load.js'
import { packageRoot } from '../../../src/package-info.js'

const here: LoadOptions = { root: packageRoot, platform: 'linux', arch: process.arch, prebuildsOnly: false }
const fix = /\n {2}fix: install g\+\+ \(12 or later\), make and python3, then run npx @tutti\/broker build/

test('in a bundle: one line that says what to do', async (t) => {
  t.throws(() => loadAddon({ ...here, root: '' }), {
    code: 'ERR_ADDON_LOAD', message: /^@tutti\/broker cannot be part of a bundle, .* \(esbuild: --external:@tutti\/broker\)$/,
  })
})

test('not on Linux: one line', async (t) => {
  t.throws(() => loadAddon({ ...here, platform: 'darwin' }), {
    code: 'ERR_ADDON_LOAD', message: 'the broker\'s engine needs Linux (epoll), got: darwin',
  })
})

test('nothing built: where it was looked for, and the fix', async (t) => {
  const root = t.testdir({})
  t.throws(() => loadAddon({ ...here, root, arch: 'z80' }), { message: `cannot load the engine\n  no addon for linux-z80 under ${root}` })
  t.throws(() => loadAddon({ ...here, root, arch: 'z80' }), { message: fix })
})

test('every failure is listed', async (t) => {
  const root = t.testdir({
    build: { Release: { 'broker.node': 'no addon', 'core.a': '' } },
    prebuilds: { 'linux-x64': { 'broker.node': 'no addon', 'broker.glibc.node': 'no addon', 'broker.musl.node': 'no addon' } },
  })
  const message = (prebuildsOnly: boolean) => {
    try {
      loadAddon({ ...here, root, arch: 'x64', prebuildsOnly })
    } catch (error) {
      return (error as Error).message.replaceAll(root, '')
    }
    return 'loaded'
  }
  const order = (text: string) => [...text.matchAll(/^ {2}(\/\S+\.node): /gm)].map((match) => match[1])
  t.strictSame(order(message(false)), [
    '/build/Release/broker.node', '/prebuilds/linux-x64/broker.glibc.node', '/prebuilds/linux-x64/broker.node',
  ])
  t.strictSame(order(message(true)), ['/prebuilds/linux-x64/broker.glibc.node', '/prebuilds/linux-x64/broker.node'])
  t.match(message(false), fix)
})

test('the real addon', async (t) => {
  const raised = loadAddon().raiseFileLimit()
  t.match(readFileSync('/proc/self/limits', 'utf8'), new RegExp(`^Max open files +${raised} +${raised} +files`, 'm'))
})
