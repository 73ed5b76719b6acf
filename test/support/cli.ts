/** Runs the built command as a process of its own, as a user would. */

import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { packageRoot } from '../../src/package-info.js'

export const commandFile = join(packageRoot, 'dist', 'src', 'cli', 'broker.cjs')

export interface Exit {
  /** null when a signal ended the process. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface CliResult extends Exit {
  readonly stdout: string
  readonly stderr: string
}

export interface SpawnOptions {
  readonly args: readonly string[]
  /** Added to this process's environment, from which all BROKER_ variables and npm's own mark are taken out. */
  readonly env?: Readonly<Record<string, string>>
  /** `pipe` for tests that write to it. */
  readonly stdin?: 'ignore' | 'pipe'
  /** A descriptor of this process, such as of a full disk. */
  readonly stdout?: 'pipe' | number
  readonly stderr?: 'pipe' | number
  /** Its limit of open files, soft and hard. */
  readonly openFiles?: number
  /** A command that executes the command behind it. */
  readonly through?: readonly string[]
}

export function spawnCli({ args, env = {}, stdin = 'ignore', stdout = 'pipe', stderr = 'pipe', openFiles, through = [] }: SpawnOptions): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('BROKER_') && name !== 'npm_lifecycle_event')
  const limited = openFiles === undefined ? [] : ['prlimit', `--nofile=${openFiles}`]
  const [program = '', ...words] = [...through, ...limited, process.execPath, commandFile, ...args]
  return spawn(program, words, {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: [stdin, stdout, stderr],
  })
}

/** Resolves when the process has ended and its output is complete. */
export function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
}

/** Collects a stream's text; call at once, read when the process has ended. */
export function textOf(stream: NodeJS.ReadableStream | null): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}

/** Runs the command to its end; `input` goes to its standard input. */
export async function runCli(args: readonly string[], options: { env?: Record<string, string>; input?: string | Buffer } = {}): Promise<CliResult> {
  const child = spawnCli({ args, env: options.env ?? {}, stdin: options.input === undefined ? 'ignore' : 'pipe' })
  const stdout = textOf(child.stdout)
  const stderr = textOf(child.stderr)
  child.stdin?.on('error', () => {}) // the command may end without reading everything
  child.stdin?.end(options.input)
  const exit = await exitOf(child)
  return { ...exit, stdout: stdout(), stderr: stderr() }
}
