// @ts-check
// Packs the package, installs it into an empty folder without running scripts and without a compiler on PATH, starts it,
// sends one message through it and stops it. Argument: a folder to work in. The last line is `N passed, N failed`.

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const work = resolve(process.argv[2] ?? '.')
const app = join(work, 'app')
const bin = join(work, 'bin')
const message = 'a message through the packed package'
const patienceMs = 120_000
let passed = 0

/** @param {boolean} condition @param {string} what */
function check(condition, what) {
  if (!condition) throw new Error(what)
  passed += 1
  console.log(`ok - ${what}`)
}

/** A PATH with node and npm and nothing that compiles. */
function bareEnvironment() {
  mkdirSync(bin)
  for (const name of ['node', 'npm', 'npx', 'sh']) {
    symlinkSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(bin, name))
  }
  return { ...process.env, PATH: bin }
}

function pack() {
  const args = ['pack', '--json', '--pack-destination', work]
  execFileSync('npm', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  const tarball = readdirSync(work).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack leaves a tarball')
  return join(work, tarball)
}

/** The newest version of each symbol family the prebuilt addon needs. @param {string} addon */
function symbolVersions(addon) {
  const table = execFileSync('objdump', ['-T', addon], { encoding: 'utf8' })
  const found = [...table.matchAll(/\((GLIBC|GLIBCXX|CXXABI)_([\d.]+)\)/g)]
  /** @param {string} a @param {string} b */
  const byVersion = (a, b) => a.localeCompare(b, 'en', { numeric: true })
  return ['GLIBC', 'GLIBCXX', 'CXXABI'].map((family) => {
    const versions = found.filter((match) => match[1] === family).map((match) => match[2] ?? '')
    return `${family} ${versions.sort(byVersion).at(-1) ?? 'none'}`
  })
}

/** The packages of a project whose installation runs something. @param {string} project */
function scriptsAtInstall(project) {
  const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'))
  return Object.keys(lock.packages).filter((name) => lock.packages[name].hasInstallScript)
}

/** @param {NodeJS.ProcessEnv} env */
function checkCommonJs(env) {
  const options = "{ publish: { port: 0 }, subscribe: { port: 0 }, auth: { jwt: { keys: [{ alg: 'HS256', secret: 'x'.repeat(32) }] } } }"
  const script = `const { createBroker } = require('@tutti/broker'); createBroker(${options}).then((broker) => broker.close())`
  // As Node was before it could require ES modules.
  const flags = process.allowedNodeEnvironmentFlags.has('--no-experimental-require-module') ? ['--no-experimental-require-module'] : []
  check(spawnSync('node', [...flags, '-e', script], { cwd: app, env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0, 'require finds the package')
}

/** In Node, and what a page would load. @param {NodeJS.ProcessEnv} env */
function checkClient(env) {
  const script = "import { subscribe } from '@tutti/broker/client'; const all = subscribe('ws://127.0.0.1:1', { topics: 'a' }); all.close(); await all.done"
  check(spawnSync('node', ['--input-type=module', '-e', script], { cwd: app, env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0, 'the client is found in Node')
  check(existsSync(join(app, 'node_modules', '@tutti', 'broker', 'dist', 'client.js')), 'and there is one file of it for browsers')
}

/** `broker build` has nothing to do here, and cannot do it. @param {NodeJS.ProcessEnv} env */
function checkBuildCommand(env) {
  /** @param {string[]} args */
  const build = (...args) => spawnSync('npx', ['@tutti/broker', 'build', ...args], { cwd: app, env, encoding: 'utf8' })
  const needless = build()
  check(needless.status === 0 && needless.stdout.includes('there is an addon that loads'), 'broker build says that there is nothing to do')
  const failed = build('--force')
  check(failed.status === 1 && failed.stderr.includes('npx @tutti/broker build'), 'broker build says what it lacks')
}

/** Whatever is left of a process group that was started detached. @param {number | undefined} leader */
function killGroup(leader) {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL')
  } catch {
    // Nothing is left.
  }
}

/** However this ends, by its time limit or a signal too, it leaves no process. @param {import('node:child_process').ChildProcess} child */
function endWithThis(child) {
  process.once('exit', () => killGroup(child.pid))
}

/** @param {NodeJS.ProcessEnv} env */
async function sendOneMessage(env) {
  const broker = spawn('npx', ['@tutti/broker', 'start', '--publish-port', '0', '--subscribe-port', '0', '--log-format', 'json', '--log-level', 'debug'], {
    cwd: app, env, stdio: ['ignore', 'pipe', 'inherit'], detached: true,
  })
  endWithThis(broker)
  const ended = once(broker, 'exit')
  try {
    /** @type {Record<string, string>} */
    const url = {}
    let last = ''
    // The pipe ends with the broker itself, also when npx has gone before it.
    for await (const text of createInterface({ input: broker.stdout })) {
      const line = JSON.parse(text)
      last = line.event
      if (line.event === 'listening') url[line.role] ??= line.url
      if (line.event === 'ready') void subscribe(env, url['subscribe'] ?? '').then((printed) => {
        check(printed === `${message}\n`, 'broker sub prints what broker pub publishes')
        broker.kill('SIGTERM')
      })
      if (line.event === 'connection' && line.protocol === 'websocket-subscribe') publish(env, url['publish'] ?? '')
    }
    await ended
    check(last === 'stopped', 'SIGTERM to npx drains and stops the broker')
  } finally {
    killGroup(broker.pid)
  }
}

/** @param {NodeJS.ProcessEnv} env @param {string} url */
async function subscribe(env, url) {
  const child = spawn('npx', ['@tutti/broker', 'sub', 'news', '--count', '1', '--url', url], {
    cwd: app, env, stdio: ['ignore', 'pipe', 'inherit'], detached: true,
  })
  endWithThis(child)  // it would connect again and again
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  await once(child, 'close')
  return text
}

/** @param {NodeJS.ProcessEnv} env @param {string} url */
function publish(env, url) {
  spawn('npx', ['@tutti/broker', 'pub', 'news', message, '--url', url], { cwd: app, env, stdio: 'inherit' })
}

async function main() {
  check(!/"resolved": "http/.test(readFileSync(join(root, 'package-lock.json'), 'utf8')), 'the lock file names no host')
  const tarball = pack()
  const env = bareEnvironment()
  for (const tool of ['cc', 'c++', 'gcc', 'g++', 'clang', 'make', 'python3']) {
    if (spawnSync('sh', ['-c', `command -v ${tool}`], { env }).status === 0) throw new Error(`${tool} must not be on the bare PATH`)
  }
  mkdirSync(app)
  writeFileSync(join(app, 'package.json'), '{ "private": true }\n')
  // First without scripts, which a user may not permit, then with them: nothing may be different.
  for (const permission of ['--ignore-scripts', '--foreground-scripts']) {
    rmSync(join(app, 'node_modules'), { recursive: true, force: true })
    execFileSync('npm', ['install', permission, '--no-audit', '--no-fund', tarball], { cwd: app, env, stdio: ['ignore', 'ignore', 'inherit'] })
    check(scriptsAtInstall(app).length === 0, `npm install ${permission}: no package asks for a script, got: ${scriptsAtInstall(app).join(', ') || 'none'}`)
  }
  const installed = join(app, 'node_modules', '@tutti', 'broker')
  const prebuilt = join(installed, 'prebuilds', `linux-${process.arch}`, 'broker.glibc.node')
  check(existsSync(prebuilt) && !existsSync(join(installed, 'build')), 'the package brings a prebuilt addon and built none')
  const proto = 'native/codec/grpc/proto/broker/v1/message_service.proto'
  check(readFileSync(join(installed, proto), 'utf8').includes('package broker.v1;'), 'the package brings its .proto files')
  console.log(`# needs ${symbolVersions(prebuilt).join(', ')}`)
  checkCommonJs(env)
  checkClient(env)
  checkBuildCommand(env)
  // From here on it waits for others. (What came before blocks this process, however long a compiler takes.)
  setTimeout(() => {
    console.error(`package check: no end after ${patienceMs / 1000} s of running`)
    process.exit(1)
  }, patienceMs).unref()
  await sendOneMessage(env)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

try {
  await main()
  console.log(`${passed} passed, 0 failed`)
  process.exit(0)
} catch (error) {
  console.error(error)
  console.log(`${passed} passed, 1 failed`)
  process.exit(1)
}
