/** SIGHUP: reads the configuration again, applies what may change while the broker runs, and names the rest, which needs a restart. */

import type { Logger } from 'pino'
import type { Config } from '../config/schema.js'
import { flattenConfig } from './config-rows.js'

/** What may change while the broker runs: a key or a section, and how. A new one is a row in start.ts. */
export interface ReloadRow {
  readonly key: string
  /** Throws where it cannot be; then the old value is in effect. */
  apply(config: Config): void | Promise<void>
}

function isBelow(key: string, section: string): boolean {
  return key === section || key.startsWith(`${section}.`)
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
    if (changed.length === 0) return this.#logger.info({ event: 'reload', applied: [], needRestart: [] }, 'reloaded: nothing has changed')
    const applied = await this.#apply(config, wanted, changed)
    const needRestart = changed.filter((key) => !this.#rows.some((row) => isBelow(key, row.key)))
    if (applied.length > 0) this.#logger.info({ event: 'reload', applied, needRestart }, `reloaded: ${applied.join(', ')}`)
    if (needRestart.length > 0) this.#logger.warn({ event: 'reload', applied, needRestart }, `these keys need a restart: ${needRestart.join(', ')}`)
  }

  /** @returns the keys that are in effect now. */
  async #apply(config: Config, wanted: ReadonlyMap<string, string>, changed: readonly string[]): Promise<string[]> {
    const applied: string[] = []
    for (const row of this.#rows) {
      const keys = changed.filter((key) => isBelow(key, row.key))
      if (keys.length === 0) continue
      try {
        await row.apply(config)
      } catch (error) {
        this.#logger.error({ event: 'reload-failed', keys }, `${keys.join(', ')} stay as they were: ${oneLine(error)}`)
        continue
      }
      for (const key of keys) this.#note(key, wanted.get(key))
      applied.push(...keys)
    }
    return applied
  }

  #note(key: string, value: string | undefined): void {
    if (value === undefined) this.#running.delete(key)
    else this.#running.set(key, value)
  }
}
