/**
 * The servers that are compared: one row each. Every arm speaks the plain contract (publish port, subscribe port,
 * topic = path), so the same load drives all of them.
 */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { benchFolder, binFolder, root } from './paths.js'

export interface Ports {
  readonly publish: number
  readonly subscribe: number
}

export interface Arm {
  /** Stable: results are compared by it over years. */
  readonly name: string
  readonly about: string
  /** What to do before this arm can run, or null when nothing is missing. */
  readonly missing: () => string | null
  readonly command: (ports: Ports) => readonly [program: string, ...args: string[]]
}

const peers = join(benchFolder, 'peers')
const bun = join(peers, 'node_modules/.bin/bun')

function needs(file: string, otherwise: string): () => string | null {
  return () => existsSync(file) ? null : otherwise
}

function needsPeer(name: string): () => string | null {
  return needs(join(peers, 'node_modules', name), 'npm install --prefix bench/peers')
}

function onNode(script: string, { publish, subscribe }: Ports): [string, ...string[]] {
  return [process.execPath, join(peers, script), String(publish), String(subscribe)]
}

function onBun(script: string, { publish, subscribe }: Ports): [string, ...string[]] {
  return [bun, join(peers, script), String(publish), String(subscribe)]
}

const brokerMain = join(root, 'dist/src/cli/main.js')
const floor = join(binFolder, 'floor')

export const arms: readonly Arm[] = [
  {
    name: 'broker',
    about: 'this broker, one shard',
    missing: needs(brokerMain, 'npm run build'),
    command: ({ publish, subscribe }) => [
      process.execPath, brokerMain, 'start', '--host', '127.0.0.1', '--shards', '1', '--log-level', 'warn',
      '--publish-port', String(publish), '--subscribe-port', String(subscribe),
    ],
  },
  {
    name: 'floor',
    about: 'bare send() to connected sockets, at most one MSS each per pass, no protocol',
    missing: needs(floor, 'make -C bench/load'),
    command: ({ publish, subscribe }) => [floor, String(publish), String(subscribe)],
  },
  {
    name: 'bun',
    about: 'Bun, native server.publish()',
    missing: needsPeer('bun'),
    command: (ports) => onBun('bun.mjs', ports),
  },
  {
    name: 'uws',
    about: 'uWebSockets.js, publish() once per turn of the event loop',
    missing: needsPeer('@trufflesuite/uws-js-unofficial'),
    command: (ports) => onNode('uws.mjs', ports),
  },
  {
    name: 'ws',
    about: 'ws on Node, a loop of send()',
    missing: needsPeer('ws'),
    command: (ports) => onNode('ws.mjs', ports),
  },
  {
    name: 'bun-ws',
    about: 'the same program on Bun, like the sample of the challenge',
    missing: needsPeer('bun'),
    command: (ports) => onBun('ws.mjs', ports),
  },
]
