/** How the command ends. */

import { describeSystemError } from '../endpoint.js'
import { AddonLoadError, ConfigError, ListenError, StartError } from '../errors.js'

export const exitCodes = { done: 0, failed: 1, usage: 2 } as const

/** 128 + the signal's number, as a shell reports it. */
export const signalExitCodes = { SIGINT: 130, SIGTERM: 143 } as const

/** A failure that is fully explained by its message. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError'
}

/** The command was used wrongly: an argument or a flag that means nothing. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError'
}

export type ErrorFormat = 'text' | 'json'

/** How errors are told from now on: as text for people, or as lines like those of the log. */
let errorFormat: ErrorFormat = 'text'

export function setErrorFormat(format: ErrorFormat): void {
  errorFormat = format
}

function isExpected(error: unknown): error is Error {
  return [CommandError, ConfigError, ListenError, StartError, AddonLoadError].some((kind) => error instanceof kind)
}

/** What a reader of standard error who does not read is waited for. */
const unreadMs = 1000

/** The command has failed and said so: its end must not wait for somebody who does not read that. */
export function endThoughUnread(): void {
  setTimeout(() => {
    if (process.stdout.writableLength === 0) process.exit()
  }, unreadMs).unref()
}

/** Prints lines about what has failed. */
export function printError(text: string): void {
  const asJson = (msg: string) => JSON.stringify({ level: 'error', time: new Date().toISOString(), pid: process.pid, event: 'failed', msg })
  const lines = errorFormat === 'json' ? text.split('\n').map(asJson) : text.split('\n').map((line) => `broker: ${line}`)
  process.stderr.write(lines.map((line) => `${line}\n`).join(''))
}

/** Prints an error (what we expect: its message; a bug of ours: its stack) and sets the exit code. */
export function reportError(error: unknown): void {
  process.exitCode = error instanceof ConfigError || error instanceof UsageError ? exitCodes.usage : exitCodes.failed
  printError(isExpected(error) ? error.message : error instanceof Error ? error.stack ?? error.message : String(error))
  endThoughUnread()
}

/**
 * What becomes of the command when its output cannot be written: a reader that has seen enough (`| head -1`) is a normal end, anything
 * else (a full disk) is said on standard error. When that cannot be written either, the exit code says it. `broker start` writes its
 * log by itself (src/log/log-output.ts) and does not end because of it.
 */
export function watchOutputs(): void {
  process.stderr.on('error', () => {})
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.done)
    reportError(new CommandError(`cannot write to standard output: ${describeSystemError(error.code ?? error.message)}`))
    process.exit()
  })
}
