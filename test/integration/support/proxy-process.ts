/** Real proxies in processes of their own, on free ports, with the configurations that docs/proxies.md shows. */

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { packageRoot } from '../../../src/package-info.js'
import { exitOf, textOf } from '../../support/cli.js'
import { patienceMs } from './eventually.js'
import { fixedPorts } from './fixed-port.js'

interface Test {
  teardown(task: () => unknown): void
  testdir(): string
}

/** The ports that the configurations name, each with the one that takes its place. */
export type Ports = Readonly<Record<number, number>>

/** A proxy program. */
interface Program {
  readonly command: string
  /** What stands in its `error.log` when it serves; it may listen before, and then anew. */
  readonly says?: RegExp
  /** Arguments and environment, given a folder of its own and the file with the configuration; it may write more files. */
  run(folder: string, file: string): Promise<{ readonly args: readonly string[], readonly env?: Readonly<Record<string, string>> }>
}

const isRoot = process.getuid?.() === 0

function write(folder: string, name: string, lines: readonly string[]): string {
  const file = join(folder, name)
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

const nginxModules = '/usr/lib/nginx/modules'

/** The main file of an nginx that writes into its folder alone. */
function nginxMain(folder: string, body: readonly string[]): string[] {
  return [...isRoot ? ['user root;'] : [], 'daemon off;', 'worker_processes 1;', `pid ${folder}/pid;`, 'error_log stderr;', 'events {}', ...body]
}

const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

const apacheModules = '/usr/lib/apache2/modules'

export const programs = {
  nginx: {
    command: 'nginx',
    run: async (folder, file) => {
      const paths = temporary.map((name) => `${name}_temp_path ${folder}/${name};`)
      const main = write(folder, 'main.conf', nginxMain(folder, ['http {', 'access_log off;', ...paths, `include ${file};`, '}']))
      return { args: ['-e', 'stderr', '-p', folder, '-c', main] }
    },
  },
  'nginx-stream': {
    command: 'nginx',
    run: async (folder, file) => {
      const main = write(folder, 'main.conf', [`load_module ${nginxModules}/ngx_stream_module.so;`, ...nginxMain(folder, [`include ${file};`])])
      return { args: ['-e', 'stderr', '-p', folder, '-c', main] }
    },
  },
  haproxy: { command: 'haproxy', run: async (_folder, file) => ({ args: ['-db', '-f', file] }) },
  caddy: {
    command: 'caddy',
    run: async (folder, file) => ({
      args: ['run', '--adapter', 'caddyfile', '--config', file],
      env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, CADDY_ADMIN: `unix/${folder}/admin.sock` },
    }),
  },
  apache: {
    command: 'apache2',
    says: /resuming normal operations/,
    run: async (folder, file) => {
      const modules = ['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'proxy_wstunnel', 'headers', 'http2', 'proxy_http2']
      const main = write(folder, 'main.conf', [
        `ServerRoot ${folder}`, ...modules.map((name) => `LoadModule ${name}_module ${apacheModules}/mod_${name}.so`), 'ServerName localhost',
        ...isRoot ? ['User nobody', 'Group nogroup'] : [], `PidFile ${folder}/pid`, `Mutex file:${folder} default`, `ErrorLog ${folder}/error.log`, 'LogLevel warn', `Include ${file}`,
      ])
      return { args: ['-DFOREGROUND', '-f', main], env: { APACHE_RUN_DIR: folder } }
    },
  },
} as const satisfies Record<string, Program>

export type ProgramName = keyof typeof programs

/** Why it cannot be run here; false: it can. For the option `skip` of tests. */
export function missing(name: ProgramName): string | false {
  const { command } = programs[name]
  if (spawnSync('sh', ['-c', `command -v ${command}`], { env: { PATH: searchPath } }).status !== 0) return `${command} is not installed`
  if (name === 'nginx-stream' && spawnSync('test', ['-e', `${nginxModules}/ngx_stream_module.so`]).status !== 0) return 'nginx has no stream module here (libnginx-mod-stream)'
  return false
}

const searchPath = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`

export const exampleFolder = join(packageRoot, 'examples', 'proxies')

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false)).once('close', () => {})
    socket.once('connect', () => socket.destroy())
  })
}

export interface ProxyOptions {
  /** The file in examples/proxies. */
  readonly file: string
  /** Of the broker: those that the file names. */
  readonly ports: Ports
  /** Ports that the file listens on. */
  readonly listens: readonly number[]
  /** What a test changes in the file. */
  readonly edit?: (text: string) => string
}

/** Starts one; resolves with the port that stands for each of `listens` when all of them listen. */
export async function startProxy(t: Test, name: ProgramName, { file, ports, listens, edit = (text) => text }: ProxyOptions): Promise<number[]> {
  const folder = t.testdir()
  mkdirSync(folder, { recursive: true })
  const taken = await fixedPorts(listens.length)
  const all: Ports = { ...ports, ...Object.fromEntries(listens.map((listen, at) => [listen, taken[at] ?? NaN])) }
  const text = edit(readFileSync(join(exampleFolder, file), 'utf8')).replace(/(?<![\d.])\d+(?![\d.\w])/g, (number) => String(all[Number(number)] ?? number))
  const configuration = write(folder, 'proxy.conf', [text])
  const { command, run, says = /(?:)/ }: Program = programs[name]
  const { args, env = {} } = await run(folder, configuration)
  const child = spawn(command, args, { env: { ...process.env, PATH: searchPath, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, exit] = [textOf(child.stdout), textOf(child.stderr), exitOf(child)]
  t.teardown(async () => {
    child.kill('SIGTERM')
    await exit
  })
  let ended = false
  void exit.then(() => {
    ended = true
  })
  const errorLog = join(folder, 'error.log')
  const log = () => existsSync(errorLog) ? readFileSync(errorLog, 'utf8') : ''
  const until = performance.now() + patienceMs
  for (const port of taken) {
    while (!await isListening(port) || !says.test(log())) {
      if (ended || performance.now() > until) throw new Error(`${command} does not listen on ${port}: ${stdout()}${stderr()}${log()}`)
    }
  }
  return taken
}
