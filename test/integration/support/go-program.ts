/** The Go client of bench/peers/grpc-go, built with the packages that Debian has; nothing is downloaded. */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../../../bench/peers/grpc-go', import.meta.url))
const packages = '/usr/share/gocode/src/google.golang.org/grpc'

/** Why a test that needs Go is skipped, or null. */
export function missingGo(): string | null {
  if (spawnSync('go', ['version']).status !== 0) return 'no Go: install it (Debian: golang-go, golang-google-grpc-dev) to run it'
  return existsSync(packages) ? null : 'Go has no grpc package: install it (Debian: golang-google-grpc-dev) to run it'
}

/** Builds the program into a folder; returns its path. */
export function buildGo(folder: string): string {
  const file = `${folder}/grpc-go`
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '' }
  execFileSync('go', ['build', '-o', file, '.'], { cwd: source, env, stdio: ['ignore', 2, 2] })
  return file
}
