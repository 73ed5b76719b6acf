/**
 * Keeps the engine's certificates what the files are: reads them again when they change and when it is asked to, and tells in time that one
 * ends. What does not fit leaves everything as it was, and one line says why. Thread: main.
 */

import type { TlsConfig } from '../config/sections/tls.js'
import { FileWatch, usualTimes, type FileWatchTimes } from './file-watch.js'
import { filesOf, loadTls, type LoadedTls, type WallClock } from './load-tls.js'
import type { TlsOptions } from './options.js'

const dayMs = 86_400_000
/** How long before its end a certificate is warned of. */
const warnBeforeMs = 14 * dayMs
/** How often that is looked at; a line comes once a day. */
const checkMs = 3_600_000

/** A `tls` section in use. */
export interface TlsSource {
  /** Where it stands in the configuration. */
  readonly path: string
  readonly config: TlsConfig
  /** What the engine has of it. */
  readonly loaded: LoadedTls
}

/** Where the keeper works. */
export interface TlsWorld {
  /** As NativeEngine.setTls. */
  readonly setTls: (index: number, options: TlsOptions) => void
  readonly warn: (name: string, message: string) => void
  /** Tells what went as it should. */
  readonly note: (name: string, message: string) => void
  readonly now?: WallClock
  readonly times?: FileWatchTimes
}

interface Kept {
  readonly path: string
  readonly config: TlsConfig
  loaded: LoadedTls
  readonly watch: FileWatch
  /** When its end was warned of last; milliseconds since 1970. */
  warnedAt: number
}

function firstLines(error: unknown): string {
  return error instanceof Error ? error.message.replaceAll('\n', '; ') : String(error)
}

export class TlsKeeper {
  readonly #world: TlsWorld
  readonly #now: WallClock
  readonly #kept: readonly Kept[]
  readonly #checks: NodeJS.Timeout
  #reloads = 0
  #failures = 0

  /** `sources`: in the order of the engine's options. */
  constructor(sources: readonly TlsSource[], world: TlsWorld) {
    this.#world = world
    this.#now = world.now ?? Date.now
    this.#kept = sources.map(({ path, config, loaded }, index) => ({
      path, config, loaded, warnedAt: -Infinity,
      watch: new FileWatch(filesOf(config), () => this.#reload(index), world.times ?? usualTimes),
    }))
    this.#checks = setInterval(() => this.checkExpiry(), checkMs).unref()
  }

  /** Times that other certificates were taken, and that they were refused. */
  get reloads(): number {
    return this.#reloads
  }

  get failures(): number {
    return this.#failures
  }

  /** Seconds until the first certificate ends; negative when one has. */
  get expirySeconds(): number {
    return Math.floor((Math.min(...this.#kept.map(({ loaded }) => loaded.expiry.at)) - this.#now()) / 1000)
  }

  /** Reads all files again, whether they have changed or not. */
  reload(): void {
    for (const [index, { watch }] of this.#kept.entries()) {
      watch.forget()
      this.#reload(index)
    }
  }

  /** Warns of what ends soon: once a day each. */
  checkExpiry(): void {
    for (const kept of this.#kept) {
      const { at, file } = kept.loaded.expiry
      const left = at - this.#now()
      if (left >= warnBeforeMs || this.#now() - kept.warnedAt < dayMs) continue
      kept.warnedAt = this.#now()
      const when = left < 0 ? 'ended' : `ends in ${Math.floor(left / dayMs)} days,`
      this.#world.warn('tls-certificate-ends', `the certificate in ${file} (or one behind it) ${when} at ${new Date(at).toISOString()}`)
    }
  }

  close(): void {
    clearInterval(this.#checks)
    for (const { watch } of this.#kept) watch.close()
  }

  #reload(index: number): void {
    const kept = this.#kept[index]
    if (kept === undefined) return
    const { path, config } = kept
    try {
      const loaded = loadTls(path, config, this.#now)
      const hasEnded = loaded.expiry.at <= this.#now() && loaded.expiry.at < kept.loaded.expiry.at
      if (hasEnded) throw new Error(`${loaded.expiry.file} was valid until ${new Date(loaded.expiry.at).toISOString()}, the one in use is valid for longer`)
      this.#world.setTls(index, loaded.options)
      kept.loaded = loaded
      kept.warnedAt = -Infinity
      this.#reloads += 1
      for (const warning of loaded.warnings) this.#world.warn('tls-certificate', warning)
      this.#world.note('tls-reloaded', `${path}: read the certificates again; the first of them ends at ${new Date(loaded.expiry.at).toISOString()}`)
      this.checkExpiry()
    } catch (error) {
      this.#failures += 1
      this.#world.warn('tls-reload-failed', `${path}: the certificates stay as they were: ${firstLines(error)}`)
    }
  }
}
