/** SIGHUP: reads the configuration again, applies what may change while the broker runs, and names the rest, which needs a restart. */

import type { Logger } from 'pino'
import type { Config } from '../config/schema.js'
import { flattenConfig } from './config-rows.js'

/** What may change while the broker runs, and how: keys or sections that are applied together. A new one is a row in start.ts. */
export interface ReloadRow {
  readonly keys: readonly string[]
  /** Whether it names files, which may have changed where no key has: then it is applied every time. */
  readonly hasFiles?: (config: Config) => boolean
  /** Throws where it cannot be; then what was in effect still is. */
  apply(config: Config): void | Promise<void>
}

interface Applied {
  /** Those that are in effect now. */
  readonly keys: readonly string[]
  /** Rows without a changed key whose files were read again: by their first key. */
  readonly again: readonly string[]
  readonly failed: boolean
}

function belongsTo({ keys }: ReloadRow, key: string): boolean {
  return keys.some((section) => key === section || key.startsWith(`${section}.`))
}

function oneLine(error: unknown): string {
  return (error as Error).message.replaceAll('\n', '; ')
}

export class Reloader {
  readonly #rows: readonly ReloadRow[]
  readonly #load: () => Config
  readonly #logger: Logger
  /** By key, as JSON: what the broker runs with. */
  readonly #running: Map<string, string>
  #last: Promise<void> = Promise.resolve()

  /** `config`: what the broker was started with. `load` reads it again, and throws what is wrong with it. */
  constructor(config: Config, rows: readonly ReloadRow[], load: () => Config, logger: Logger) {
    this.#running = flattenConfig(config)
    this.#rows = rows
    this.#load = load
    this.#logger = logger
  }

  /** One after another; never rejects. */
  reload(): Promise<void> {
    this.#last = this.#last.then(() => this.#reload())
    return this.#last
  }

  async #reload(): Promise<void> {
    let config: Config
    try {
      config = this.#load()
    } catch (error) {
      return this.#logger.error({ event: 'reload-failed' }, `nothing is reloaded, the configuration is wrong: ${oneLine(error)}`)
    }
    const wanted = flattenConfig(config)
    const keys = new Set([...wanted.keys(), ...this.#running.keys()])
    const changed = [...keys].filter((key) => wanted.get(key) !== this.#running.get(key)).sort()
    const { keys: applied, again, failed } = await this.#apply(config, wanted, changed)
    const needRestart = changed.filter((key) => !this.#rows.some((row) => belongsTo(row, key)))
    const details = { event: 'reload', applied, needRestart }
    const done = [...applied, ...again.map((name) => `the files of ${name}`)]
    if (done.length > 0) this.#logger.info(details, `reloaded: ${done.join(', ')}`)
    else if (changed.length === 0 && !failed) this.#logger.info(details, 'reloaded: nothing has changed')
    if (needRestart.length > 0) this.#logger.warn(details, `these keys need a restart: ${needRestart.join(', ')}`)
  }

  async #apply(config: Config, wanted: ReadonlyMap<string, string>, changed: readonly string[]): Promise<Applied> {
    const applied: string[] = []
    const again: string[] = []
    let failed = false
    for (const row of this.#rows) {
      const keys = changed.filter((key) => belongsTo(row, key))
      if (keys.length === 0 && row.hasFiles?.(config) !== true) continue
      const names = keys.length > 0 ? keys : row.keys.slice(0, 1)
      try {
        await row.apply(config)
      } catch (error) {
        failed = true
        this.#logger.error({ event: 'reload-failed', keys: names }, `${names.join(', ')} stay as they were: ${oneLine(error)}`)
        continue
      }
      for (const key of keys) this.#note(key, wanted.get(key))
      applied.push(...keys)
      if (keys.length === 0) again.push(...names)
    }
    return { keys: applied, again, failed }
  }

  #note(key: string, value: string | undefined): void {
    if (value === undefined) this.#running.delete(key)
    else this.#running.set(key, value)
  }
}
