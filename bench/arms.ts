/** The servers that are compared: one row each. The load generator speaks to each in the protocol of its URL's scheme. */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { app, mosquittoConfig, nchanConfig, nginxTlsConfig, soketiConfig } from './arm-configs.js'
import { findProgram, needs, needsPeer, needsProgram, needsUws, onBun, onNode, peers, written } from './arm-programs.js'
import {
  behind, grpcUrls, onePort, plainUrls, pusherUrls, responderUrls, socketOf, tlsUrls, withToken, type Family, type Ports, type Urls, type UrlsByFamily,
} from './arm-urls.js'
import { certificate, secretFile, token } from './credentials.js'
import { goProgram } from './go-program.js'
import { binFolder, root } from './paths.js'

export interface Arm {
  /** Stable: results are compared by it over years. */
  readonly name: string
  readonly about: string
  /** Why this arm cannot run here, with what to do about it, or null. */
  readonly missing: () => string | null
  readonly command: (ports: Ports, family: Family) => readonly [program: string, ...args: string[]]
  /** Its threads share the work and wait for each other on one core: their waiting says nothing about other programs. */
  readonly manyThreads?: true
  /**
   * Where it is reached in the scenarios of each family; in the others it takes no part. `{topic}` stands for the topic's
   * name. Left out: the plain contract, one port for each side.
   */
  readonly urls?: UrlsByFamily
}

const brokerMain = join(root, 'dist/src/cli/main.js')
const floorProgram = join(binFolder, 'floor')
const echoFloorProgram = join(binFolder, 'echo_floor')
const goEchoProgram = join(binFolder, 'go-echo')
const nchanModule = '/usr/lib/nginx/modules/ngx_nchan_module.so'
/** The folder of another checkout, built. */
const otherVariable = 'BENCH_CHECKOUT'

/** The arm's URLs in the scenarios of a family, or undefined where it takes no part. */
export function urlsOf(arm: Arm, family: Family): ((ports: Ports) => Urls) | undefined {
  return (arm.urls ?? { plain: plainUrls })[family]
}

function familyFlags(family: Family, ports: Ports): readonly string[] {
  const publish = ['--publish-port', String(ports.publish), '--grpc-port', '0']
  switch (family) {
    case 'plain': return publish
    case 'tls': return [...publish, '--set', `tls.certFile=${certificate.certFile}`, '--set', `tls.keyFile=${certificate.keyFile}`]
    case 'pusher':
    case 'pusher-http': return [...publish, '--pusher-port', String(ports.pusher), '--set', `pusher.apps=${JSON.stringify([app])}`]
    case 'grpc': return ['--publish-port', '0', '--grpc-port', String(ports.publish)]
    case 'grpc-last': return ['--publish-port', '0', '--grpc-port', String(ports.publish), '--set', 'retain.topics=*']
    case 'responder-tcp':
    case 'responder-unix': {
      const where = family === 'responder-unix' ? `unix:${socketOf(ports)}` : `tcp://127.0.0.1:${ports.publish}`
      return ['--publish-port', '0', '--responder', where, '--set', 'responder.reply=echo']
    }
  }
}

function broker(name: string, io: string, about: string, more: readonly string[] = [], main = brokerMain): Arm {
  return {
    name,
    about,
    missing: needs(main, 'npm run build'),
    command: (ports, family) => [
      process.execPath, main, 'start', '--host', '127.0.0.1', '--shards', '1', '--log-level', 'warn', '--io', io,
      '--subscribe-port', String(ports.subscribe), '--api-port', '0', ...familyFlags(family, ports), ...more,
    ],
    // The backends differ only in batches of writes: a reply is none, and a gRPC load has few connections.
    urls: { plain: plainUrls, pusher: pusherUrls, 'pusher-http': pusherUrls, ...(io === 'auto' ? { ...responderUrls, ...grpcUrls, tls: tlsUrls } : {}) },
  }
}

/** Reached in the responder's scenarios: a program that takes a port or a path. */
function echoServer(
  name: string, about: string, missing: Arm['missing'], command: (where: string) => readonly [string, ...string[]],
): Arm {
  return {
    name,
    about,
    missing,
    command: (ports, family) => command(family === 'responder-unix' ? socketOf(ports) : String(ports.publish)),
    urls: responderUrls,
  }
}

function echoFloor(name: string, how: string, about: string): Arm {
  return echoServer(name, about, needs(echoFloorProgram, 'make -C bench/load'), (where) => [echoFloorProgram, where, how])
}

const plainAndTls: UrlsByFamily = { plain: plainUrls, tls: tlsUrls }

function needsGo(): string | null {
  const missing = needsProgram('go', 'golang-go')()
  if (missing !== null) return missing
  const { status } = spawnSync('go', ['build', '-o', goEchoProgram, join(peers, 'go-echo/main.go')], { stdio: ['ignore', 2, 2] })
  return status === 0 ? null : 'go build failed'
}

function floor(name: string, how: string, about: string): Arm {
  return {
    name,
    about,
    missing: needs(floorProgram, 'make -C bench/load'),
    command: ({ publish, subscribe }) => [floorProgram, String(publish), String(subscribe), how],
  }
}

/** A second checkout's broker beside this one's: what a change costs, in one interleaved run. */
function otherCheckout(): Arm {
  const folder = process.env[otherVariable]
  const arm = broker('broker-other', 'auto', `the broker of the checkout that ${otherVariable} names`, [], join(folder ?? root, 'dist/src/cli/main.js'))
  return folder === undefined ? { ...arm, missing: () => `${otherVariable} is not set` } : arm
}

const plainBroker = broker('broker-plain', 'auto', 'the same broker and load over the plain protocol, beside the scenarios of Pusher and TLS')

export const arms: readonly Arm[] = [
  broker('broker', 'auto', 'this broker, one shard, the backend it picks itself'),
  broker('broker-epoll', 'epoll', 'the same with --io epoll'),
  broker('broker-uring', 'uring', 'the same with --io uring'),
  otherCheckout(),
  floor('floor', 'send', 'bare send() to connected sockets, at most one MSS each per pass, no protocol'),
  floor('floor-sendfile', 'sendfile', 'the same loop with sendfile() from a memfd, 61,440 B per pass, for 16 KiB and more'),
  {
    name: 'bun',
    about: 'Bun, native server.publish()',
    missing: needsPeer('bun'),
    command: (ports, family) => onBun('bun.mjs', ports, family),
    urls: plainAndTls,
  },
  {
    name: 'uws',
    about: 'uWebSockets.js, publish() once per turn of the event loop',
    missing: needsUws(),
    command: (ports, family) => onNode('uws.mjs', ports, family),
    urls: plainAndTls,
  },
  {
    name: 'nats',
    about: 'nats-server, its own text protocol',
    missing: needsProgram('nats-server', 'nats-server'),
    command: ({ publish }) => ['nats-server', '-a', '127.0.0.1', '-p', String(publish)],
    manyThreads: true,
    urls: onePort('nats'),
  },
  {
    name: 'redis',
    about: 'Redis, PUBLISH and SUBSCRIBE over RESP',
    missing: needsProgram('redis-server', 'redis-server'),
    command: ({ publish }) => [
      'redis-server', '--bind', '127.0.0.1', '--port', String(publish), '--save', '', '--appendonly', 'no',
      '--client-output-buffer-limit', 'pubsub 0 0 0', '--maxclients', '25000', '--protected-mode', 'no', '--tcp-backlog', '4096',
    ],
    urls: onePort('redis'),
  },
  {
    name: 'mosquitto',
    about: 'Mosquitto, MQTT 3.1.1 with QoS 0',
    missing: needsProgram('mosquitto', 'mosquitto'),
    command: ({ publish }) => [findProgram('mosquitto') ?? 'mosquitto', '-c', written('mosquitto.conf', mosquittoConfig(publish))],
    urls: onePort('mqtt'),
  },
  {
    name: 'nchan',
    about: 'nginx with nchan, WebSocket on both sides, one worker',
    missing: () => needsProgram('nginx', 'nginx-light libnginx-mod-nchan')()
      ?? needs(nchanModule, 'nginx has no nchan module (Debian: apt-get install libnginx-mod-nchan)')(),
    command: (ports) => [findProgram('nginx') ?? 'nginx', '-e', 'stderr', '-c', written('nchan.conf', nchanConfig(ports, nchanModule, binFolder))],
  },
  {
    name: 'ws',
    about: 'ws on Node, a loop of send()',
    missing: needsPeer('ws'),
    command: (ports, family) => onNode('ws.mjs', ports, family),
    urls: plainAndTls,
  },
  {
    name: 'bun-ws',
    about: 'the same program on Bun, like the sample of the challenge',
    missing: needsPeer('bun'),
    command: (ports, family) => onBun('ws.mjs', ports, family),
  },
  {
    name: 'socketio',
    about: 'Socket.IO on Node, one room per topic, WebSocket transport only',
    missing: needsPeer('socket.io'),
    command: (ports, family) => onNode('socketio.mjs', ports, family),
    urls: {
      plain: (ports) => {
        const { publish, subscribe } = plainUrls(ports)
        return { publish: publish.replace('ws:', 'socketio:'), subscribe: subscribe.replace('ws:', 'socketio:') }
      },
    },
  },
  {
    name: 'soketi',
    about: 'soketi 1.6.1 on Node, Pusher protocol',
    missing: () => needsPeer('@soketi/soketi')() ?? needsUws()(),
    command: (ports) => [
      process.execPath, join(peers, 'node_modules/@soketi/soketi/bin/server.js'), 'start',
      `--config=${written('soketi.json', soketiConfig(ports))}`,
    ],
    urls: { pusher: pusherUrls, 'pusher-http': pusherUrls },
  },
  {
    ...plainBroker,
    command: (ports, family) => plainBroker.command(ports, family === 'tls' ? 'plain' : family),
    urls: { pusher: plainUrls, tls: plainUrls },
  },
  {
    name: 'nginx-tls',
    about: 'nginx that ends TLS before this broker without it',
    missing: needsProgram('nginx', 'nginx-light'),
    command: (ports, family) => [
      process.execPath, join(peers, 'in-front.mjs'), String(behind(ports).subscribe), findProgram('nginx') ?? 'nginx', '-e', 'stderr', '-c',
      written('nginx-tls.conf', nginxTlsConfig(ports, behind(ports), certificate, binFolder)), '--',
      ...plainBroker.command(behind(ports), family === 'tls' ? 'plain' : family),
    ],
    urls: { tls: tlsUrls },
  },
  {
    ...broker('broker-auth', 'auto', 'this broker, every client with the same JSON Web Token and nobody without one', [
      '--set', `auth.jwt.keys=${JSON.stringify([{ alg: 'HS256', secretFile: secretFile() }])}`,
      '--set', 'auth.anonymous.publish=[]', '--set', 'auth.anonymous.subscribe=[]',
    ]),
    urls: { plain: withToken(token()) },
  },
  { ...broker('broker-latency', 'auto', 'this broker with --profile latency', ['--profile', 'latency']), urls: responderUrls },
  echoFloor('echo-floor', 'sleep', 'bare epoll_wait, recv and send'),
  echoFloor('echo-floor-spin', 'spin', 'the same without ever sleeping'),
  echoServer('node-echo', "Node's net", () => null, (where) => [process.execPath, join(peers, 'echo.mjs'), where]),
  echoServer('go-echo', 'Go, a goroutine a connection', needsGo, (where) => [goEchoProgram, where]),
  {
    name: 'grpc-js',
    about: '@grpc/grpc-js on Node, a write() per subscriber',
    missing: needsPeer('@grpc/grpc-js'),
    command: ({ publish }) => [process.execPath, join(peers, 'grpc.mjs'), String(publish)],
    urls: grpcUrls,
  },
  {
    name: 'grpc-go',
    about: 'a Go server of the same proto, a goroutine and a queue per subscriber',
    missing: () => goProgram.missing(),
    command: ({ publish }) => [goProgram.file, 'server', String(publish)],
    urls: grpcUrls,
  },
]

/** Whether the arm of this name, or the reference's twin, takes part in the scenarios of a family. */
export function takesPart(name: string, family: Family): boolean {
  const arm = arms.find((one) => one.name === name.replace(/'$/, ''))
  return arm !== undefined && urlsOf(arm, family) !== undefined
}
