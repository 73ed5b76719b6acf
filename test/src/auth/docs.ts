/** What docs/security.md shows works: its commands, run one after another, its configurations, its server, its tables. */

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { test, type Test } from 'tap'
import { parse as parseYaml } from 'yaml'
import { Authorizer } from '../../../src/auth/authorizer.js'
import { grantsFor, permits } from '../../../src/auth/grants.js'
import { loadSettings } from '../../../src/auth/load-settings.js'
import { grpcCodes } from '../../../src/auth/refusals.js'
import type { BrokerOptions } from '../../../src/config/schema.js'
import { parseOptions } from '../../../src/config/parse.js'
import { packageRoot } from '../../../src/package-info.js'
import { question } from '../../support/auth/questions.js'
import { TestWorld } from '../../support/auth/world.js'
import { commandFile } from '../../support/cli.js'

const text = readFileSync(join(packageRoot, 'docs/security.md'), 'utf8')

function blocks(language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block)
}

/** The options of the nth configuration, its files in a folder. */
function optionsIn(index: number, folder: string): BrokerOptions {
  return parseYaml((blocks('yaml')[index] ?? '').replace(/(File: )([\w.-]+)/g, (_, key, name) => `${key}${join(folder, name)}`)) as BrokerOptions
}

test('the commands and the configuration', async (t) => {
  const folder = t.testdir({ 'broker.yaml': blocks('yaml')[0] ?? '' })
  const script = `set -e\nnpx() { shift; '${process.execPath}' '${commandFile}' "$@"; }\n${blocks('sh').join('')}`
  const { status, stderr, stdout } = spawnSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' })
  t.equal(status, 0, stderr)
  t.match(stdout, /"sub": "alice"/)
  t.match(stderr, /refused \(topic\): no pattern lets publish "chat\/lobby\/bob"/)
  const world = new TestWorld(t)
  const settings = await loadSettings(parseOptions(optionsIn(0, folder)), world, null)
  if (settings === null) return
  const authorizer = new Authorizer(settings, { ...world, wallMs: Date.now, http: world.http })
  const secret = (name: string) => readFileSync(join(folder, name), 'utf8').trim()
  const outcome = async (asked: Parameters<typeof authorizer.decide>[0]) => {
    const verdict = await authorizer.decide(asked)
    return verdict.allow ? verdict.standing.way : verdict.status
  }
  t.equal(await outcome(question(secret('feed.secret'), { action: 'publish' })), 'tokens')
  t.equal(await outcome(question(secret('feed.secret'))), 403)
  t.equal(await outcome(question(secret('alice.token'), { topics: ['chat/lobby', 'users/alice/inbox'] })), 'jwt')
  t.equal(await outcome(question(secret('alice.token'), { topics: ['users/bob/inbox'] })), 403)
  t.equal(await outcome(question(null, { topics: ['public/news'] })), 'anonymous')
  t.equal(await outcome(question(null)), 401)
  t.equal(await outcome(question(secret('dashboard.secret'), { listener: 'grpc' })), 401, 'the listener takes fewer ways')
  t.equal(await outcome(question(secret('alice.token'), { topics: ['chat/lobby'], origin: 'https://other.example' })), 403)
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Waits for the server of the example. */
async function started(url: string): Promise<void> {
  for (;;) {
    const isUp = await fetch(url, { method: 'POST', body: '{}' }).then(() => true, () => false)
    if (isUp) return
    await setTimeout(10)
  }
}

function runExample(t: Test, port: number): void {
  const file = join(t.testdir({}), 'decide.mjs')
  writeFileSync(file, (blocks('js')[0] ?? '').replace('listen(9000', `listen(${port}`))
  const child = spawn(process.execPath, [file], { stdio: 'ignore' })
  t.teardown(() => child.kill())
}

test('the webhook', async (t) => {
  const port = await freePort()
  runExample(t, port)
  const options = optionsIn(1, '.')
  const url = (options.auth?.webhook?.url ?? '').replace(':9000', `:${port}`)
  await started(url)
  const world = new TestWorld(t)
  const settings = await loadSettings(parseOptions({ auth: { ...options.auth, webhook: { ...options.auth?.webhook, url } } }), world, null)
  if (settings === null) return
  const authorizer = new Authorizer(settings, world)
  t.match(await authorizer.decide(question('0123456789abcdef', { topics: ['users/alice/inbox'] })), {
    allow: true, subject: 'alice', expiresAt: world.wall + 3_600_000, grants: { subscribe: ['chat/**', 'users/alice/*'] }, standing: { way: 'webhook' },
  })
  t.match(await authorizer.decide(question('another-session', { topics: ['chat/lobby'] })), { status: 401, code: 'webhook-refused' })
  t.match(await authorizer.decide(question(null, { topics: ['public/news'] })), { standing: { way: 'anonymous' } })
})

function rowsBelow(header: string): string[][] {
  const section = text.slice(text.indexOf(header)).split('\n\n')[0] ?? ''
  return section.split('\n').slice(2).map((row) => row.split('|').slice(1, -1).map((cell) => cell.trim()))
}

function quoted(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, each = '']) => each)
}

test('the table of patterns', async (t) => {
  const rows = rowsBelow('| pattern | grants |')
  t.equal(rows.length, 5)
  for (const [pattern, granted, others] of rows) {
    const grants = grantsFor({ subscribe: quoted(pattern) }, null)
    for (const topic of quoted(granted)) t.ok(permits(grants, 'subscribe', topic), `${pattern}: ${topic}`)
    for (const topic of quoted(others)) t.notOk(permits(grants, 'subscribe', topic), `${pattern}: not ${topic}`)
  }
})

test('the table of refusals', async (t) => {
  const rows = rowsBelow('| status | gRPC |')
  t.strictSame(Object.fromEntries(rows.map(([status = '', grpc]) => [status.slice(0, 3), grpc])), grpcCodes)
})
