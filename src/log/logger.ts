/** The command's log: lines for people on a terminal, JSON for machines; always on standard output. */

import { isatty } from 'node:tty'
import { pino, stdTimeFunctions, type Logger } from 'pino'
import { prettyFactory } from 'pino-pretty'
import { LogOutput, writerTo } from './log-output.js'

export interface LogOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** auto: pretty on a terminal, JSON otherwise. */
  readonly format: 'auto' | 'pretty' | 'json'
}

export interface Log {
  readonly logger: Logger
  /** Lines that could not be written, since the start. */
  lost(): number
}

const standardOutput = 1
/** What the last lines have at the end of the process, where somebody reads slowly. */
const endMs = 200

/** No colours where they are not wanted (no-color.org), or not understood. */
function wantsColor(env: NodeJS.ProcessEnv): boolean {
  return isatty(standardOutput) && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
}

const prettier = () => prettyFactory({
  colorize: wantsColor(process.env),
  translateTime: 'SYS:HH:MM:ss.l',
  ignore: 'pid',
  hideObject: true, // every message says it all; the fields are for machines
})

/** A line is written before the call returns, or waits: the last one before an exit is the one that matters most. */
export function createLogger({ level, format }: LogOptions): Log {
  const pretty = format === 'pretty' || (format === 'auto' && isatty(standardOutput)) ? prettier() : (line: string) => line
  const output = new LogOutput(writerTo(standardOutput), (lost) => {
    logger.warn({ event: 'log-lines-lost', lost }, `the log could not be written: ${lost} ${lost === 1 ? 'line was' : 'lines were'} lost`)
  })
  const formatters = { level: (label: string) => ({ level: label }) }
  const logger = pino(
    { level, base: { pid: process.pid }, timestamp: stdTimeFunctions.isoTime, formatters },
    { write: (line) => output.write(pretty(line)) },
  )
  process.on('exit', () => output.end(endMs))
  return { logger, lost: () => output.lost }
}
