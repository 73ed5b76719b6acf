/**
 * Tells when files have become others, whoever changed them how: written anew, renamed over, or behind a link that leads elsewhere now, as
 * certbot and Kubernetes do it. Folders are watched, because a watched file that is replaced is watched no more; and everything is looked at
 * once in a while, for file systems that tell nothing. Thread: main.
 */

import { realpathSync, statSync, watch, type FSWatcher } from 'node:fs'
import { dirname } from 'node:path'

export interface FileWatchTimes {
  /** How often files are looked at though nothing was told. */
  readonly pollMs: number
  /** How long nothing more must be told before they are looked at: who replaces a certificate and its key does it in two steps. */
  readonly settleMs: number
  /** After so long they are looked at, whatever is told. */
  readonly settleMaxMs: number
}

export const usualTimes: FileWatchTimes = { pollMs: 30_000, settleMs: 250, settleMaxMs: 5000 }

/** What is there, in a text: another one where it is another file or has other contents. */
function stateOf(file: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unreadable'
  }
}

/** The folders of a file and of what a link in its place leads to. */
function foldersOf(file: string): string[] {
  try {
    return [dirname(file), dirname(realpathSync(file))]
  } catch {
    return [dirname(file)]
  }
}

export class FileWatch {
  readonly #files: readonly string[]
  readonly #onChange: () => void
  readonly #times: FileWatchTimes
  readonly #poll: NodeJS.Timeout
  #watchers: readonly FSWatcher[] = []
  #settling: NodeJS.Timeout | null = null
  #toldSince: number | null = null
  #state: string

  /** `onChange` is called some time after the files are others than they were at the last call, or now. It may not throw. */
  constructor(files: readonly string[], onChange: () => void, times: FileWatchTimes = usualTimes) {
    this.#files = files
    this.#onChange = onChange
    this.#times = times
    this.#state = this.#stateNow()
    this.#watchFolders()
    this.#poll = setInterval(() => this.look(), times.pollMs).unref()
  }

  /** Looks now. */
  look(): void {
    if (this.#settling !== null) clearTimeout(this.#settling)
    this.#settling = null
    this.#toldSince = null
    const state = this.#stateNow()
    if (state === this.#state) return
    this.#state = state
    this.#watchFolders() // other ones, where a link leads elsewhere or a folder was replaced
    this.#onChange()
  }

  /** What is there now is known: only what comes after it is a change. */
  forget(): void {
    this.#state = this.#stateNow()
  }

  close(): void {
    clearInterval(this.#poll)
    if (this.#settling !== null) clearTimeout(this.#settling)
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers = []
  }

  #stateNow(): string {
    return this.#files.map(stateOf).join('\n')
  }

  #told(): void {
    const now = performance.now()
    this.#toldSince ??= now
    if (this.#settling !== null) clearTimeout(this.#settling)
    const left = this.#toldSince + this.#times.settleMaxMs - now
    this.#settling = setTimeout(() => this.look(), Math.max(0, Math.min(this.#times.settleMs, left))).unref()
  }

  /** What cannot be watched (no inotify left, a folder that is gone) is looked at. */
  #watchFolders(): void {
    for (const watcher of this.#watchers) watcher.close()
    const folders = new Set(this.#files.flatMap(foldersOf))
    this.#watchers = [...folders].flatMap((folder) => {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#told())
        return [watcher.on('error', () => watcher.close())]
      } catch {
        return []
      }
    })
  }
}
