import { readFileSync, statSync } from 'node:fs'
import { test } from 'tap'
import { parse } from 'yaml'
import { configTemplate } from '../../../src/cli/config-init.js'
import { keyReference } from '../../../src/config/reference.js'
import { loadConfig } from '../../../src/config/load.js'
import { runCli } from '../../support/cli.js'

type Rows = Record<string, { readonly value: unknown, readonly source: string }>

test('broker config: what is in effect, where it comes from, and no secret', async (t) => {
  const file = `${t.testdir({ 'broker.yaml': 'limits: {messageBytesMax: 128KiB}\ntimeouts: {drainMs: 1s}\npusher: {apps: [{id: "1", key: app-key, secret: app-secret}]}\n' })}/broker.yaml`
  const env = { BROKER_TIMEOUTS_DRAIN_MS: '2s', BROKER_API_TOKEN: '0123456789abcdef' }
  const { code, stdout, stderr } = await runCli(['config', '--json', '--config', file, '--shards', '2', '--set', 'limits.topicsMax=77'], { env })
  t.strictSame([code, stderr], [0, ''])
  t.notMatch(stdout, /app-secret|0123456789abcdef/)
  const rows = JSON.parse(stdout) as Rows
  t.strictSame(rows['limits.messageBytesMax'], { value: 131_072, source: file })
  t.strictSame(rows['timeouts.drainMs'], { value: 2000, source: 'BROKER_TIMEOUTS_DRAIN_MS' })
  t.strictSame(rows['shards'], { value: 2, source: '--shards' })
  t.strictSame(rows['limits.topicsMax'], { value: 77, source: '--set' })
  t.strictSame(rows['api.token'], { value: '(hidden)', source: 'BROKER_API_TOKEN' })
  t.match(rows['pusher.apps'], { value: [{ key: 'app-key', secret: '(hidden)' }], source: file })
  t.strictSame(rows['publish.port'], { value: 8001, source: 'default' })
  t.match(rows['limits.connectionsMax'], { value: Number, source: 'this machine' })
  t.strictSame(rows['auth'], { value: null, source: 'default' })
})

test('broker config for people: some keys, or what is changed', async (t) => {
  const some = await runCli(['config', 'show', 'log', 'timeouts.drainMs', '--drain-ms', '3s'])
  t.match(some, { code: 0, stdout: 'log.format        default     auto\nlog.level         default     info\ntimeouts.drainMs  --drain-ms  3000\n' })
  const changed = await runCli(['config', '--changed', '--log-level', 'warn'])
  t.match(changed, { code: 0, stdout: 'log.level  --log-level  warn\n' })
  t.match(await runCli(['config', 'limts']), { code: 2, stderr: 'broker: KEY must be a key or a section of the configuration, got: limts\n' })
  t.match(await runCli(['config', '--set', 'limits.topicsMax=0']), { code: 2, stderr: 'broker: limits.topicsMax must be 1..10000000, got: 0 (from --set)\n' })
})

test('broker config init writes a file that changes nothing, and does not write over one', async (t) => {
  const file = `${t.testdir({})}/new.yaml`
  t.match(await runCli(['config', 'init', file]), { code: 0, stdout: `wrote ${file}: change it, then broker start --config ${file}\n` })
  t.equal(statSync(file).mode & 0o007, 0, 'not for everybody: it may get secrets')
  t.equal(readFileSync(file, 'utf8'), configTemplate())
  t.match(await runCli(['config', '--changed', '--config', file]), { code: 0, stdout: '', stderr: '' })
  t.match(await runCli(['config', 'init', file]), { code: 2, stderr: `broker: FILE must not be there yet (or: --force), got: ${file}\n` })
  t.match(await runCli(['config', 'init', file, '--force']), { code: 0 })
  t.match(await runCli(['config', 'init', '/none/x.yaml']), { code: 1, stderr: /^broker: cannot write \/none\/x.yaml: no such file or directory \(ENOENT\)\n$/ })
  t.match(await runCli(['config', 'init', '-']), { code: 0, stdout: configTemplate() })
})

test('what the file says is so: with every # taken away it is the default configuration', async (t) => {
  const keys = keyReference()
  const off = keys.filter(({ usual, must }) => usual === null && must === 'a section of keys').map(({ path }) => path)
  // Of these nothing is left where no key of them has a default.
  const isBelow = (path: readonly string[], above: readonly string[]) => path.length > above.length && above.every((key, at) => path[at] === key)
  const sections = keys.map(({ path }) => path.slice(0, -1)).filter((path) => keys.every((key) => !isBelow(key.path, path) || key.usual === undefined))
  const lines = configTemplate().split('\n').slice(6).map((line) => line.replace(/^# /, ''))
  const written = parse(lines.filter((line) => !/^ *\w+: +# .*\(default: none/.test(line)).join('\n')) as Record<string, unknown>
  for (const path of [...off, ...sections]) {
    const above = path.slice(0, -1).reduce<Record<string, unknown> | undefined>((section, key) => section?.[key] as Record<string, unknown> | undefined, written)
    delete above?.[path.at(-1) ?? '']
  }
  t.ok(Object.keys(written).length > 10, Object.keys(written).join())
  const file = `${t.testdir({ 'all.json': JSON.stringify(written) })}/all.json`
  t.strictSame(loadConfig({ file, env: {}, flags: [] }).config, loadConfig({ file: null, env: {}, flags: [] }).config)
})

test('every key says what it must be', async (t) => {
  const keys = keyReference()
  t.ok(keys.length > 60, `${keys.length} keys`)
  t.strictSame(keys.filter(({ must }) => must === '' || /invalid/i.test(must)).map(({ path, must }) => `${path.join('.')}: ${must}`), [])
  t.strictSame(keys.find(({ path }) => path.join('.') === 'limits.messageBytesMax'), { path: ['limits', 'messageBytesMax'], must: '1..16777216 bytes', usual: 65_536 })
})
