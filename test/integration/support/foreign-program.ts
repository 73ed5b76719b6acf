/** Programs in other languages, as far as they are installed: what is missing skips the test that needs it. */

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

interface Test {
  teardown(task: () => unknown): void
}

export interface ForeignProgram {
  /** Lines of standard output so far. */
  readonly lines: readonly string[]
  /** The first line, past or future, that begins so. */
  line(beginning: string): Promise<string>
}

export function clientFile(name: string): string {
  return fileURLToPath(new URL(`pusher-clients/${name}`, import.meta.url))
}

/** Whether a command runs and succeeds. */
export function runs(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** Builds a Go program of one file that needs nothing but the standard library; returns the program's path. */
export function buildGoFile(folder: string, source: string): string {
  const file = `${folder}/client`
  execFileSync('go', ['build', '-o', file, source], { cwd: folder, env: { ...process.env, GO111MODULE: 'off', GOFLAGS: '' }, stdio: ['ignore', 2, 2] })
  return file
}

export function startProgram(t: Test, command: string, args: readonly string[]): ForeignProgram {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const lines: string[] = []
  let ended = false
  const waiters = new Set<() => void>()
  const wake = () => { for (const waiter of waiters) waiter() }
  const reader = createInterface(child.stdout)
  reader.on('line', (line) => { lines.push(line); wake() })
  reader.on('close', () => { ended = true; wake() })
  return {
    lines,
    line: (beginning) => new Promise((resolve, reject) => {
      const look = () => {
        const found = lines.find((line) => line.startsWith(beginning))
        if (found === undefined && !ended) return
        waiters.delete(look)
        if (found === undefined) reject(new Error(`a line must begin with ${beginning}, got: ${lines.join(' | ')}`))
        else resolve(found)
      }
      waiters.add(look)
      look()
    }),
  }
}
