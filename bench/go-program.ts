/** The Go program of bench/peers/grpc-go, server and tester in one, built with the packages that Debian has. */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { benchFolder, binFolder } from './paths.js'

const source = join(benchFolder, 'peers/grpc-go')
const packages = '/usr/share/gocode/src/google.golang.org/grpc'
const file = join(binFolder, 'grpc-go')
let found: string | null | undefined

/** Without modules: nothing is downloaded, what is not installed is missing. */
function build(): string | null {
  if (spawnSync('go', ['version']).status !== 0) return 'go is not installed (Debian: apt-get install golang-go golang-google-grpc-dev)'
  if (!existsSync(packages)) return 'Go has no grpc package (Debian: apt-get install golang-google-grpc-dev)'
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '' }
  const { status } = spawnSync('go', ['build', '-o', file, '.'], { cwd: source, env, stdio: ['ignore', 2, 2] })
  return status === 0 ? null : 'go build failed'
}

export const goProgram = {
  file,
  /** Builds it when it is asked first. @returns why there is none, or null. */
  missing(): string | null {
    found ??= build()
    return found
  },
}
