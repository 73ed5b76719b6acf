/** `broker bench`: the benchmark's scenarios against any running broker, or against one that is started for it. */

import type { Command } from 'commander'
import { findLoadProgram, loadResult, spawnLoad } from '../bench/load-program.js'
import type { LoadResult } from '../bench/load-result.js'
import { loadRows, type LoadRow } from '../bench/load-rows.js'
import { resultTable } from '../bench/result-table.js'
import { createBroker } from '../create-broker.js'
import type { ProtocolName } from '../native/binding.js'
import { CommandError, UsageError } from './exit.js'

interface BenchOptions {
  readonly url?: string
  readonly subscribeUrl?: string
  readonly scenarios: string
  readonly subscribers?: string
  readonly messageBytes?: string
  readonly serverPid?: string
  readonly full?: true
  readonly json?: true
  readonly list?: true
}

/** Where to connect, and whose CPU time to read. */
interface Subject {
  readonly publish: string
  readonly subscribe: string
  readonly pid: number | null
  readonly close: () => Promise<unknown>
}

const firstLook = ['one-to-many', 'many-to-many', 'echo']
const schemes = ['ws:', 'nats:', 'redis:', 'mqtt:', 'socketio:', 'pusher:']

/** Adds the topic as the path where the URL has none. */
function withTopic(flag: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || url.host === '' || !schemes.includes(url.protocol)) {
    throw new UsageError(`${flag} must be ws://<host>:<port>[/path with {topic}], got: ${text}`)
  }
  return text.includes('{topic}') || url.pathname.length > 1 ? text : `${text.replace(/\/$/, '')}/{topic}`
}

function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < min || number > max) throw new UsageError(`${flag} must be ${min}..${max}, got: ${text}`)
  return number
}

function pickRows(names: string): readonly LoadRow[] {
  if (names === 'all') return loadRows
  return names.split(',').map((name) => {
    const row = loadRows.find((one) => one.name === name)
    if (row === undefined) throw new UsageError(`--scenarios must be of ${loadRows.map((one) => one.name).join(', ')} or all, got: ${name}`)
    return row
  })
}

/** A broker of our own, in this process: the load generator is another one. */
async function startOwn(): Promise<Subject> {
  const broker = await createBroker({ publish: { port: 0, hosts: ['127.0.0.1'] }, subscribe: { port: 0, hosts: ['127.0.0.1'] } })
  const url = (protocol: ProtocolName): string => `ws://127.0.0.1:${broker.listeners.find((one) => one.protocol === protocol)?.port}/{topic}`
  return { publish: url('websocket-publish'), subscribe: url('websocket-subscribe'), pid: process.pid, close: () => broker.close({ drainMs: 0 }) }
}

async function findSubject(options: BenchOptions): Promise<Subject> {
  if (options.url === undefined && options.subscribeUrl === undefined) return startOwn()
  if (options.url === undefined) throw new UsageError('--subscribe-url needs --url, where publishers connect')
  const pid = options.serverPid === undefined ? null : wholeNumber('--server-pid', options.serverPid, 1, 2 ** 31)
  return {
    publish: withTopic('--url', options.url),
    subscribe: withTopic('--subscribe-url', options.subscribeUrl ?? options.url),
    pid,
    close: async () => {},
  }
}

function loadArgs(row: LoadRow, subject: Subject, options: BenchOptions): string[] {
  const { subscribers, messageBytes, full } = options
  return [
    ...row.args,
    ...(full ? [] : row.quickArgs ?? []),
    ...(subscribers === undefined || row.name === 'echo' ? [] : ['--subscribers', String(wholeNumber('--subscribers', subscribers, 1, 19_000))]),
    ...(messageBytes === undefined ? [] : ['--payload-bytes', String(wholeNumber('--message-bytes', messageBytes, 62, 65_536))]),
    ...(subject.pid === null ? [] : ['--server-pid', String(subject.pid)]),
    '--publish', subject.publish, '--subscribe', subject.subscribe,
  ]
}

function progress(text: string): void {
  if (process.stderr.isTTY && process.env['TERM'] !== 'dumb') process.stderr.write(text === '' ? '\r\x1b[K' : `\r\x1b[K${text}`)
}

async function measure(program: string, rows: readonly LoadRow[], subject: Subject, options: BenchOptions): Promise<void> {
  for (const [index, row] of rows.entries()) {
    progress(`${index + 1}/${rows.length} ${row.name} …`)
    const result: LoadResult = await loadResult(spawnLoad(program, loadArgs(row, subject, options))).catch((error: Error) => {
      progress('')
      throw new CommandError(`${row.name}: ${error.message}`)
    })
    progress('')
    const text = options.json ? JSON.stringify({ name: row.name, ...result }) : resultTable(row, result)
    process.stdout.write(`${text}\n`)
  }
}

async function run(options: BenchOptions): Promise<void> {
  if (options.list) {
    return void process.stdout.write(loadRows.map(({ name, about }) => `${name.padEnd(20)} ${about}\n`).join(''))
  }
  const rows = pickRows(options.scenarios)
  let program: string
  try {
    program = findLoadProgram()
  } catch (error) {
    throw new CommandError((error as Error).message)
  }
  const subject = await findSubject(options)
  try {
    await measure(program, rows, subject, options)
  } finally {
    await subject.close()
  }
}

export function addBenchCommand(program: Command): void {
  program
    .command('bench')
    .description('Measure a broker: latency from the publication to its last receipt, spread, deliveries per second.')
    .option('-u, --url <url>', 'where publishers connect; {topic} stands for the topic (default: a broker started for it)')
    .option('--subscribe-url <url>', 'where subscribers connect (default: the same as --url)')
    .option('-s, --scenarios <names>', 'scenarios, separated by commas, or all', firstLook.join(','))
    .option('--subscribers <count>', 'subscribers instead of the scenario\'s number, 1..19000')
    .option('--message-bytes <bytes>', 'size of a message, 62..65536 (default: 1024)')
    .option('--server-pid <pid>', 'the broker\'s process on this machine, for its CPU time')
    .option('--full', 'as many rounds as the published figures have')
    .option('--json', 'everything that was measured, one line of JSON a scenario')
    .option('--list', 'show the scenarios')
    .addHelpText('after', `
Every delivery is checked: a missing, repeated, reordered or altered one fails the run. A plain WebSocket server is
measured like ours when it sends what is published to a URL to all other connections of that URL.

Examples:
  $ broker bench
  $ broker bench --scenarios one-to-many --full
  $ broker bench --url ws://localhost:8001 --subscribe-url ws://localhost:8002
  $ broker bench --url ws://chat.example:8080/rooms/{topic} --subscribers 200
  $ broker bench --list`)
    .action(run)
}
