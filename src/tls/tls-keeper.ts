/**
 * Keeps the engine's certificates what the files are: reads them again when they change and when it is asked to, and tells in time that one
 * ends. What does not fit leaves everything as it was, and one line says why. Thread: main.
 */

import type { TlsConfig } from '../config/sections/tls.js'
import type { TlsOptions } from '../native/tls.js'
import { FileWatch, usualTimes, type FileWatchTimes } from './file-watch.js'
import { filesOf, loadTls, type LoadedTls, type WallClock } from './load-tls.js'

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
  source: TlsSource
  watch: FileWatch
  /** When its end was warned of last; milliseconds since 1970. */
  warnedAt: number
}

function oneLine(error: unknown): string {
  return error instanceof Error ? error.message.replaceAll('\n', '; ') : String(error)
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
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
    this.#kept = sources.map((source, index) => ({ source, warnedAt: -Infinity, watch: this.#watch(index, source) }))
    this.#checks = setInterval(() => this.checkExpiry(), checkMs).unref()
  }

  /** Times that certificates were read again and taken, and that they were refused. */
  get reloads(): number {
    return this.#reloads
  }

  get failures(): number {
    return this.#failures
  }

  /** Seconds until the first certificate ends; negative when one has. */
  get expirySeconds(): number {
    return Math.floor((Math.min(...this.#kept.map(({ source }) => source.loaded.expiry.at)) - this.#now()) / 1000)
  }

  /**
   * Reads the files again, whether they have changed or not; or takes other sections for those there are, as many in the same order.
   * @throws {Error} the first that does not fit, which stays as it was; so do those behind it.
   */
  reload(next: readonly TlsSource[] | null): void {
    for (const [index, kept] of this.#kept.entries()) {
      const source = next?.[index] ?? this.#readAgain(kept.source)
      this.#take(index, kept, source)
      kept.watch.close()
      kept.watch = this.#watch(index, source)
    }
  }

  /** Warns of what ends soon: once a day each. */
  checkExpiry(): void {
    for (const kept of this.#kept) {
      const { at, file } = kept.source.loaded.expiry
      const left = at - this.#now()
      if (left >= warnBeforeMs || this.#now() - kept.warnedAt < dayMs) continue
      kept.warnedAt = this.#now()
      const when = left < 0 ? 'ended' : `ends in ${Math.floor(left / dayMs)} days,`
      this.#world.warn('tls-certificate-ends', `the certificate in ${file} (or one behind it) ${when} at ${iso(at)}`)
    }
  }

  close(): void {
    clearInterval(this.#checks)
    for (const { watch } of this.#kept) watch.close()
  }

  #watch(index: number, { config }: TlsSource): FileWatch {
    return new FileWatch(filesOf(config), () => this.#onChange(index), this.#world.times ?? usualTimes)
  }

  #onChange(index: number): void {
    const kept = this.#kept[index]
    if (kept === undefined) return
    try {
      this.#take(index, kept, this.#readAgain(kept.source))
    } catch (error) {
      this.#world.warn('tls-reload-failed', `${kept.source.path}: the certificates stay as they were: ${oneLine(error)}`)
    }
  }

  #readAgain({ path, config, loaded: { expiry: before } }: TlsSource): TlsSource {
    try {
      const loaded = loadTls(path, config, this.#now)
      const { at, file } = loaded.expiry
      if (at <= this.#now() && at < before.at) throw new Error(`${file} was valid until ${iso(at)}, the one in use is valid for longer`)
      return { path, config, loaded }
    } catch (error) {
      this.#failures += 1
      throw error
    }
  }

  #take(index: number, kept: Kept, source: TlsSource): void {
    const { path, loaded } = source
    try {
      this.#world.setTls(index, loaded.options)
    } catch (error) {
      this.#failures += 1
      throw error
    }
    kept.source = source
    kept.warnedAt = -Infinity
    this.#reloads += 1
    for (const warning of loaded.warnings) this.#world.warn('tls-certificate', warning)
    this.#world.note('tls-reloaded', `${path}: the certificates were read again; the first of them ends at ${iso(loaded.expiry.at)}`)
    this.checkExpiry()
  }
}
