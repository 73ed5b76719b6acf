/** What arms are made of: programs that are found here, peers that are installed, and how both are started. */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Family, Ports } from './arm-urls.js'
import { certificate } from './credentials.js'
import { benchFolder, binFolder } from './paths.js'

export const peers = join(benchFolder, 'peers')
const bun = join(peers, 'node_modules/.bin/bun')
const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']

export function needs(file: string, otherwise: string): () => string | null {
  return () => existsSync(file) ? null : otherwise
}

export const needsPeer = (name: string): (() => string | null) => needs(join(peers, 'node_modules', name), 'npm run bench -- --install')

/** It is one compiled file for each version of Node. */
export function needsUws(): () => string | null {
  const folder = 'uWebSockets.js'
  const binary = `${folder}/binaries/uws_${process.platform}_${process.arch}_${process.versions.modules}.node`
  const binaryThere = needs(join(peers, 'node_modules', binary), `uWebSockets.js has no binary for Node ${process.version}`)
  return () => needsPeer(folder)() ?? binaryThere()
}

export function findProgram(name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file))
}

export function needsProgram(name: string, packages: string): () => string | null {
  return () => findProgram(name) === undefined ? `${name} is not installed (Debian: apt-get install ${packages})` : null
}

/** Writes a server's configuration where the build's output is; returns its path. */
export function written(name: string, text: string): string {
  mkdirSync(binFolder, { recursive: true })
  const file = join(binFolder, name)
  writeFileSync(file, text)
  return file
}

/** What the peers' programs take. */
function peerArguments({ publish, subscribe }: Ports, family: Family): string[] {
  return [String(publish), String(subscribe), ...(family === 'tls' ? [certificate.certFile, certificate.keyFile] : [])]
}

export function onNode(script: string, ports: Ports, family: Family): [string, ...string[]] {
  return [process.execPath, join(peers, script), ...peerArguments(ports, family)]
}

export function onBun(script: string, ports: Ports, family: Family): [string, ...string[]] {
  return [bun, join(peers, script), ...peerArguments(ports, family)]
}
