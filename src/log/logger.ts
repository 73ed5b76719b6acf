/** The command's log: lines for people on a terminal, JSON for machines; always on standard output. */

import { isatty } from 'node:tty'
import { destination, pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino'
import { PinoPretty } from 'pino-pretty'

export interface LogOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** auto: pretty on a terminal, JSON otherwise. */
  readonly format: 'auto' | 'pretty' | 'json'
}

const standardOutput = 1

function prettyStream(): DestinationStream {
  return PinoPretty({
    colorize: isatty(standardOutput),
    destination: destination({ fd: standardOutput, sync: true }),
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid',
    hideObject: true, // every message says it all; the fields are for machines
  })
}

/** Writes are synchronous: the last line before an exit is the one that matters most. */
export function createLogger({ level, format }: LogOptions): Logger {
  const pretty = format === 'pretty' || (format === 'auto' && isatty(standardOutput))
  const stream = pretty ? prettyStream() : destination({ fd: standardOutput, sync: true })
  const formatters = { level: (label: string) => ({ level: label }) }
  return pino({ level, base: { pid: process.pid }, timestamp: stdTimeFunctions.isoTime, formatters }, stream)
}
