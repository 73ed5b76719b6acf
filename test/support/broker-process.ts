/** A real broker in a process of its own, on free ports of the loopback, gone when its test ends. */

import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { exitOf, spawnCli, textOf, type Exit } from './cli.js'
import { overTls, scheme } from './over-tls.js'

/** One JSON line of the broker's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly event?: string; readonly msg: string }

/** The part of a tap test that is used here. */
interface Test {
  teardown(task: () => unknown): void
}

export interface BrokerProcess {
  readonly process: ChildProcess
  readonly publishPort: number
  readonly subscribePort: number
  readonly apiPort: number
  /** NaN without apps. */
  readonly pusherPort: number
  readonly grpcPort: number
  /** `ws://127.0.0.1:PORT`, without a path; `wss://` over TLS. */
  readonly publishUrl: string
  readonly subscribeUrl: string
  /** All log lines so far. */
  readonly log: readonly LogLine[]
  /** Text on standard error so far. */
  stderr(): string
  /** The first log line, past or future, that satisfies `predicate`; rejects when the process ends before. */
  logged(predicate: (line: LogLine) => boolean): Promise<LogLine>
  /** Resolves when the process has ended. */
  readonly exit: Promise<Exit>
  /** Sends a signal (default SIGTERM) and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Exit>
}

export interface BrokerProcessOptions {
  /** After `broker start` with all ports 0. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** As in SpawnOptions. */
  readonly openFiles?: number
  /** See SpawnOptions. */
  readonly through?: readonly string[]
}

interface Waiter {
  readonly predicate: (line: LogLine) => boolean
  readonly resolve: (line: LogLine) => void
  readonly reject: (error: Error) => void
}

function readLog(child: ChildProcess, stderr: () => string): Pick<BrokerProcess, 'log' | 'logged'> {
  const log: LogLine[] = []
  let ended = false
  let waiters: Waiter[] = []
  const failure = () => new Error(`the broker ended before the awaited log line, standard error: ${stderr()}`)
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as LogLine
      log.push(line)
      for (const waiter of waiters.filter(({ predicate }) => predicate(line))) waiter.resolve(line)
      waiters = waiters.filter(({ predicate }) => !predicate(line))
    })
  }
  child.once('close', () => {
    ended = true
    for (const { reject } of waiters) reject(failure())
  })
  async function logged(predicate: Waiter['predicate']): Promise<LogLine> {
    const past = log.find(predicate)
    if (past !== undefined) return past
    if (ended) throw failure()
    return new Promise((resolve, reject) => waiters.push({ predicate, resolve, reject }))
  }
  return { log, logged }
}

/** As variables, which what a test gives itself comes before. */
function tlsVariables(): Record<string, string> {
  const tls = overTls()
  return tls === null ? {} : { BROKER_TLS_CERT_FILE: tls.pair.certFile, BROKER_TLS_KEY_FILE: tls.pair.keyFile }
}

function portOf(log: readonly LogLine[], role: string): number {
  return Number(log.find((line) => line.event === 'listening' && line['role'] === role)?.['port'])
}

/** Starts `broker start` and resolves when it is ready. Rejects, with its standard error, when it ends before. */
export async function startBroker(t: Test, { args = [], env = {}, ...others }: BrokerProcessOptions = {}): Promise<BrokerProcess> {
  const ports = ['--publish-port', '0', '--subscribe-port', '0', '--api-port', '0', '--pusher-port', '0', '--grpc-port', '0']
  const child = spawnCli({ args: ['start', ...ports, '--log-format', 'json', ...args], env: { ...tlsVariables(), ...env }, ...others })
  const exit = exitOf(child)
  const stderr = textOf(child.stderr)
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exit
  })
  const { log, logged } = readLog(child, stderr)
  await logged(({ event }) => event === 'ready')
  const publishPort = portOf(log, 'publish')
  const subscribePort = portOf(log, 'subscribe')
  return {
    process: child, publishPort, subscribePort, apiPort: portOf(log, 'api'), pusherPort: portOf(log, 'pusher'), grpcPort: portOf(log, 'grpc'),
    log, logged, stderr, exit,
    publishUrl: `${scheme('ws')}://127.0.0.1:${publishPort}`,
    subscribeUrl: `${scheme('ws')}://127.0.0.1:${subscribePort}`,
    stop(signal = 'SIGTERM') {
      child.kill(signal)
      return exit
    },
  }
}
