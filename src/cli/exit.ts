/** How the command ends. */

import { AddonLoadError, ConfigError, ListenError } from '../errors.js'

export const exitCodes = { done: 0, failed: 1, usage: 2 } as const

/** 128 + the signal's number, as a shell reports it. */
export const signalExitCodes = { SIGINT: 130, SIGTERM: 143 } as const

/** A failure that is fully explained by its message. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

function isExpected(error: unknown): error is Error {
  return [CommandError, ConfigError, ListenError, AddonLoadError].some((kind) => error instanceof kind)
}

/** Prints an error (what we expect: its message; a bug of ours: its stack) and sets the exit code. */
export function reportError(error: unknown): void {
  const text = isExpected(error) ? error.message : error instanceof Error ? error.stack ?? error.message : String(error)
  process.stderr.write(text.split('\n').map((line) => `broker: ${line}\n`).join(''))
  process.exitCode = error instanceof ConfigError ? exitCodes.usage : exitCodes.failed
}

/** A reader that has seen enough (`| head -1`) is a normal end. */
export function exitWhenReaderIsGone(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.done)
    throw error
  })
}
