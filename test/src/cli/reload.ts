import { test } from 'tap'
import type { Logger } from 'pino'
import { parseConfig } from '../../../src/config/parse.js'
import type { Config } from '../../../src/config/schema.js'
import { Reloader, type ReloadRow } from '../../../src/cli/reload.js'

function configOf(raw: object): Config {
  return parseConfig(raw, () => null)
}

/** A reloader whose next configuration is `next.raw`, and the lines that it logs. */
function world(rows: readonly ReloadRow[], first: object = {}) {
  const lines: string[] = []
  const say = (level: string) => (_details: object, message: string) => void lines.push(`${level}: ${message}`)
  const logger = { info: say('info'), warn: say('warn'), error: say('error') } as unknown as Logger
  const next = { raw: first }
  const reloader = new Reloader(configOf(first), rows, () => configOf(next.raw), logger)
  async function reload(raw: object): Promise<string[]> {
    next.raw = raw
    await reloader.reload()
    return lines.splice(0)
  }
  return { reload }
}

test('what may change is applied, the rest is named', async (t) => {
  const levels: string[] = []
  const { reload } = world([{ keys: ['log.level'], apply: ({ log: { level } }) => void levels.push(level) }])
  t.strictSame(await reload({}), ['info: reloaded: nothing has changed'])
  t.strictSame(await reload({ log: { level: 'debug' } }), ['info: reloaded: log.level'])
  t.strictSame(await reload({ log: { level: 'debug' } }), ['info: reloaded: nothing has changed'])
  t.strictSame(await reload({ log: { level: 'warn' }, shards: 2, limits: { topicsMax: 5 } }), ['info: reloaded: log.level', 'warn: these keys need a restart: limits.topicsMax, shards'])
  t.strictSame(await reload({ log: { level: 'warn' }, shards: 2 }), ['warn: these keys need a restart: shards'], 'still, and not what is as it was again')
  t.strictSame(levels, ['debug', 'warn'])
})

test('a section is a row, and one that goes is named as a whole', async (t) => {
  const seen: unknown[] = []
  const { reload } = world([{ keys: ['api'], apply: async ({ api }) => void seen.push(api?.token ?? null) }])
  const [applied, rest, ...more] = await reload({ api: { token: '0123456789abcdef' }, grpc: null })
  t.equal(applied, 'info: reloaded: api.token')
  t.match(rest, /^warn: these keys need a restart: .*\bgrpc\b/)
  t.strictSame([more, seen], [[], ['0123456789abcdef']])
})

test('a wrong configuration changes nothing, and a row that fails stays as it was', async (t) => {
  let broken = true
  const { reload } = world([{
    keys: ['log.level'],
    apply() {
      if (broken) throw new Error('not now')
    },
  }])
  t.strictSame(await reload({ limits: { topicsMax: 0 } }), ['error: nothing is reloaded, the configuration is wrong: limits.topicsMax must be 1..10000000, got: 0'])
  t.strictSame(await reload({ log: { level: 'debug' } }), ['error: log.level stay as they were: not now'])
  broken = false
  t.strictSame(await reload({ log: { level: 'debug' } }), ['info: reloaded: log.level'], 'it is tried again')
})

test('files are read again where no key has changed', async (t) => {
  let times = 0
  let broken = false
  const { reload } = world([{
    keys: ['api', 'grpc'],
    hasFiles: ({ api }) => api !== null,
    apply() {
      if (broken) throw new Error('not now')
      times += 1
    },
  }])
  t.strictSame(await reload({}), ['info: reloaded: the files of api'])
  broken = true
  t.strictSame(await reload({}), ['error: api stay as they were: not now'])
  broken = false
  t.match(await reload({ api: null }), [/^info: reloaded: api\b/])
  t.strictSame(await reload({ api: null }), ['info: reloaded: nothing has changed'])
  t.equal(times, 2)
})
