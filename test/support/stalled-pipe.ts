/** A pipe that is full and that nobody reads, until a test does. */

import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** The part of a tap test that is used here. */
interface Test {
  testdir(): string
  teardown(task: () => unknown): void
}

export interface StalledPipe {
  /** For a child's standard output. */
  readonly writeEnd: number
  /** What is in it now, without what filled it. */
  read(): string
}

const filler = Buffer.alloc(512, 'x')

function isAgain(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EAGAIN'
}

export function stalledPipe(t: Test): StalledPipe {
  const path = join(t.testdir(), 'pipe')
  execFileSync('mkfifo', [path])
  const readEnd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const writeEnd = openSync(path, constants.O_WRONLY)
  t.teardown(() => [readEnd, writeEnd].forEach((fd) => closeSync(fd)))
  let filled = 0
  for (let size = filler.length; size > 0;) {
    try {
      filled += writeSync(readEnd, filler, 0, size)
    } catch (error) {
      if (!isAgain(error)) throw error
      size = size === 1 ? 0 : 1 // the last page may have room for a few more
    }
  }
  const chunk = Buffer.alloc(65_536)
  return {
    writeEnd,
    read() {
      let text = ''
      for (;;) {
        try {
          const bytes = readSync(readEnd, chunk)
          const skipped = Math.min(filled, bytes)
          filled -= skipped
          text += chunk.toString('latin1', skipped, bytes)
        } catch (error) {
          if (!isAgain(error)) throw error
          return text
        }
      }
    },
  }
}
