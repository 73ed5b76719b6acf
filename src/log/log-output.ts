/**
 * Where log lines go: a descriptor that may be full, gone or never read. Nobody ever waits for it and nothing fails because of it:
 * what cannot be written now waits, up to a bound, and is tried again; what finds no room is lost and counted, and that is told once
 * it can be.
 */

import { constants, fstatSync, openSync, writeSync } from 'node:fs'

/** Writes some bytes, 1 at least, and returns how many; throws a system error when it takes none now. */
export type WriteSome = (bytes: Uint8Array) => number

export interface LogOutputLimits {
  /** Of the lines that wait. */
  readonly waitingBytesMax: number
  /** Milliseconds until a full pipe is tried again; until a full disk, or one that fails in another way, is. */
  readonly fullAgainMs: number
  readonly failedAgainMs: number
}

const standard: LogOutputLimits = { waitingBytesMax: 2 ** 20, fullAgainMs: 20, failedAgainMs: 500 }

const sleepMs = 5
const sleeper = new Int32Array(new SharedArrayBuffer(4))

/**
 * Writes to a descriptor of this process. A pipe's or terminal's own flags are shared with whoever else has it, so it is opened once
 * more, to be written without waiting. What cannot be opened so (a socket) is used as it is: Node has made it non-blocking.
 */
export function writerTo(fd: number): WriteSome {
  let own = fd
  try {
    const kind = fstatSync(fd)
    if (kind.isFIFO() || kind.isCharacterDevice()) {
      own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    }
  } catch {
    // Its reader is gone, or it is another user's terminal.
  }
  return (bytes) => writeSync(own, bytes)
}

export class LogOutput {
  readonly #writeSome: WriteSome
  readonly #onRestored: (lost: number) => void
  readonly #limits: LogOutputLimits
  readonly #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #lost = 0
  #told = 0
  /** Set while the last attempt has failed. */
  #again: NodeJS.Timeout | null = null

  /** `onRestored` is called when lines have been lost and everything that waited has been written; it may write. */
  constructor(writeSome: WriteSome, onRestored: (lost: number) => void, limits: LogOutputLimits = standard) {
    this.#writeSome = writeSome
    this.#onRestored = onRestored
    this.#limits = limits
  }

  /** Lines that found no room, since the start. */
  get lost(): number {
    return this.#lost
  }

  /** One whole line, with its end. */
  write(line: string): void {
    const bytes = Buffer.from(line)
    if (this.#waitingBytes + bytes.length > this.#limits.waitingBytesMax) {
      this.#lost += 1
      return
    }
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    if (this.#again === null) this.#writeWaiting()
  }

  /** At the end of the process: what waits has `ms` to be taken by somebody who reads slowly. */
  end(ms: number): void {
    const until = performance.now() + ms
    while (this.#waiting.length > 0 && this.#writeWaiting() === 'EAGAIN' && performance.now() < until) Atomics.wait(sleeper, 0, 0, sleepMs)
    this.#stopTrying()
  }

  /** @returns the system's name of what stands in the way, null when all is written. */
  #writeWaiting(): string | null {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      try {
        const written = this.#writeSome(first)
        this.#waitingBytes -= written
        // The rest of a line stays the first of all: no other may begin inside it.
        if (written < first.length) this.#waiting[0] = first.subarray(written)
        else this.#waiting.shift()
      } catch (error) {
        return this.#tryAgainLater((error as NodeJS.ErrnoException).code ?? String(error))
      }
    }
    this.#stopTrying()
    const lost = this.#lost - this.#told
    this.#told = this.#lost
    if (lost > 0) this.#onRestored(lost)
    return null
  }

  #stopTrying(): void {
    if (this.#again !== null) clearTimeout(this.#again)
    this.#again = null
  }

  #tryAgainLater(code: string): string {
    const { fullAgainMs, failedAgainMs } = this.#limits
    this.#stopTrying()
    this.#again = setTimeout(() => this.#writeWaiting(), code === 'EAGAIN' ? fullAgainMs : failedAgainMs).unref()
    return code
  }
}
