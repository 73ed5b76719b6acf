/** The package in what people put around it: bundlers, a test runner and compilers that think in CommonJS. The real tools. */

import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { test, type Test } from 'tap'
import { packageRoot } from '../../src/package-info.js'
import { exitOf, textOf } from '../support/cli.js'
import { installPackage } from './support/installed-package.js'

/** A folder with these files, in which the package is installed. */
function project(t: Test, files: Record<string, string>): string {
  const folder = t.testdir({ ...files, 'package.json': '{ "private": true }' })
  installPackage(folder)
  return folder
}

async function node(cwd: string, ...args: string[]) {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, CI: 'true' } })
  const [stdout, stderr, exit] = [textOf(child.stdout), textOf(child.stderr), exitOf(child)]
  return { ...await exit, stdout: stdout(), stderr: stderr() }
}

/** Publishes, hears it, asks for metrics and ends. */
const body = `
async function main() {
  const broker = await createBroker({ publish: { port: 0 }, subscribe: { port: 0 }, api: { port: 0 } })
  const heard: unknown[] = []
  broker.subscribe('a', ({ payload }) => { heard.push(String(payload)) })
  broker.publish('a', 'text')
  broker.publish('a', new Uint8Array([98]))
  const metrics = await fetch('http://127.0.0.1:' + broker.api[0]!.port + '/metrics')
  await broker.close()
  console.log(JSON.stringify([heard, metrics.status]))
}
main().catch((error) => {
  console.error(error.name + ': ' + error.message)
  process.exitCode = 1
})
`
const program = `import { createBroker } from '@tutti/broker'\n${body}`
const done = { code: 0, signal: null, stdout: '[["text","b"],200]\n', stderr: '' }

for (const format of ['cjs', 'esm'] as const) {
  const outfile = format === 'cjs' ? 'out.cjs' : 'out.mjs'
  const bundle = async (t: Test, external: string[]) => {
    const folder = project(t, { 'app.ts': program })
    await build({
      absWorkingDir: folder, entryPoints: ['app.ts'], outfile, bundle: true, platform: 'node', format, external, logLevel: 'silent',
    })
    return node(folder, outfile)
  }

  test(`esbuild, ${format}: the package stays outside`, async (t) => {
    t.strictSame(await bundle(t, ['@tutti/broker']), done)
  })

  test(`esbuild, ${format}: the package within the bundle is one line that says what to do`, async (t) => {
    t.strictSame(await bundle(t, []), {
      code: 1, signal: null, stdout: '', stderr: 'AddonLoadError: @tutti/broker cannot be part of a bundle, its engine is a file beside it: '
        + 'keep it installed, and leave it out of the bundle (esbuild: --external:@tutti/broker)\n',
    })
  })
}

test('Jest, whose tests are CommonJS and of a realm of their own', async (t) => {
  const folder = project(t, {
    'broker.test.js': `
const { createBroker, ConfigError } = require('@tutti/broker')

test('the whole way', async () => {
  const broker = await createBroker({ publish: { port: 0 }, subscribe: { port: 0 }, api: { port: 0 } })
  const heard = []
  broker.subscribe('a', ({ payload }) => heard.push(String(payload)))
  expect(broker.publish('a', 'text')).toBe(0)
  expect(broker.publish('a', new Uint8Array([98]))).toBe(1)
  expect(broker.publish('a', Buffer.from('buffer'))).toBe(2)
  expect(() => broker.publish('a', new Uint16Array(1))).toThrow(TypeError)
  const metrics = await fetch('http://127.0.0.1:' + broker.api[0].port + '/metrics')
  expect(metrics.status).toBe(200)
  const compressed = require('node:zlib').gzipSync('zipped')
  const sent = await fetch('http://127.0.0.1:' + broker.api[0].port + '/topics/a', {
    method: 'POST', body: compressed, headers: { 'content-type': 'text/plain', 'content-encoding': 'gzip' },
  })
  expect(sent.status).toBe(200)
  await broker.close()
  expect(heard).toEqual(['text', 'b', 'buffer', 'zipped'])
})

test('errors are those of the package', async () => {
  await expect(createBroker({ shards: 0 })).rejects.toThrow(ConfigError)
})
`,
    'jest.config.json': '{ "testEnvironment": "node", "haste": { "enableSymlinks": false } }',
  })
  const { code, stderr } = await node(folder, join(packageRoot, 'node_modules/jest/bin/jest.js'), '--ci', '--rootDir', folder)
  t.match(stderr, /Tests: +2 passed, 2 total/)
  t.equal(code, 0)
})

const tsc = join(packageRoot, 'node_modules/typescript/bin/tsc')
const ways = {
  'moduleResolution node10': { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' },
  'module node16': { module: 'node16' },
  'module nodenext': { module: 'nodenext' },
} as const

for (const [name, options] of Object.entries(ways)) {
  test(`TypeScript to CommonJS, ${name}`, async (t) => {
    const folder = project(t, { 'app.ts': program })
    const compilerOptions = { target: 'es2022', lib: ['es2022', 'esnext.disposable'], strict: true, skipLibCheck: true, types: ['node'], noEmitOnError: true, ...options }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['app.ts'] }))
    const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })
    t.strictSame([stdout, status], ['', 0])
    t.strictSame(await node(folder, 'app.js'), done)
  })
}

test('require, and import, in plain JavaScript', async (t) => {
  const script = body.replace(': unknown[]', '').replace(']!.', '].')
  const folder = project(t, {
    'a.cjs': `const { createBroker } = require('@tutti/broker')\n${script}`, 'a.mjs': `import { createBroker } from '@tutti/broker'\n${script}`,
  })
  t.strictSame(await node(folder, 'a.cjs'), done)
  t.strictSame(await node(folder, 'a.mjs'), done)
})

test('a Uint8Array of another realm is bytes', async (t) => {
  const folder = project(t, {
    'realm.mjs': `
import { runInNewContext } from 'node:vm'
import { createBroker } from '@tutti/broker'
const broker = await createBroker({ publish: { port: 0 }, subscribe: { port: 0 } })
broker.subscribe('a', ({ payload }) => console.log(payload))
broker.publish('a', runInNewContext('new Uint8Array([1, 2])'))
try {
  broker.publish('a', runInNewContext('new Uint16Array(1)'))
} catch (error) {
  console.log(error.message)
}
await broker.close()`,
  })
  t.strictSame(await node(folder, 'realm.mjs'), {
    code: 0, signal: null, stderr: '', stdout: 'payload must be a string or a Uint8Array, got: object\n<Buffer 01 02>\n',
  })
})
