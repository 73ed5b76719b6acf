/** `broker sub`: prints what is published to topics. */

import { InvalidArgumentError, Option, type Command } from 'commander'
import type { WebSocket } from 'ws'
import { addClientFlags, cautions, clientAccess, wantsTls, type ClientFlags } from './client-options.js'
import { defaultUrl } from './default-url.js'
import { signalExitCodes } from './exit.js'
import { Follower } from './follow.js'
import { startedByNpx, watchParent } from './npx.js'
import { jsonLine, namedLine, plainLine, Printer, type Line, type PrintedMessage } from './printer.js'
import { Resume, type ResumeOptions } from './resume.js'
import { subscribeUrl } from './topic-url.js'

/** What a slow reader has for the last messages. */
const unreadMs = 200

interface SubOptions extends ClientFlags, ResumeOptions {
  readonly url?: string
  readonly count?: number
  readonly json?: true
  readonly envelope?: true
  readonly reconnect: boolean
}

/** Whether connections go on where the last one ended, and are told of gaps. */
function resumes({ since, last, envelope }: SubOptions): boolean {
  return since !== undefined || last !== undefined || envelope === true
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || !Number.isSafeInteger(count)) {
    throw new InvalidArgumentError(`It must be a whole number from 1, got: ${text}`)
  }
  return count
}

function lineOf(topics: readonly string[], { json, envelope }: SubOptions): Line {
  if (json && !envelope) return jsonLine
  if (envelope) return plainLine // it names its topic itself
  return topics.length > 1 ? namedLine : plainLine
}

function say(text: string): void {
  process.stderr.write(`broker: ${text}\n`)
}

/** The reader of our output sets the pace of everything that is read. */
class Pace {
  readonly #paused = new Set<WebSocket>()
  readonly #output: NodeJS.WriteStream

  constructor(output: NodeJS.WriteStream) {
    this.#output = output
  }

  hold(socket: WebSocket): void {
    socket.pause()
    this.#paused.add(socket)
    if (this.#paused.size === 1) this.#output.once('drain', () => this.#goOn())
  }

  #goOn(): void {
    const paused = [...this.#paused]
    this.#paused.clear()
    for (const socket of paused) socket.resume()
  }
}

/** One connection a topic: the messages of a connection do not say which of its topics they are of. */
function followAll(topics: readonly string[], options: SubOptions, printer: Printer): Follower[] {
  const pace = new Pace(process.stdout)
  const url = options.url ?? defaultUrl('subscribe', wantsTls(options) ? 'wss' : 'ws')
  const access = clientAccess(options)
  for (const caution of cautions(subscribeUrl(url, topics), options, access)) say(caution)
  return topics.map((topic) => {
    function print(message: PrintedMessage, socket: WebSocket): void {
      if (!printer.print(message) && !socket.isPaused) pace.hold(socket)
    }
    const common = { reconnects: options.reconnect, access, say }
    if (!resumes(options)) {
      return new Follower(subscribeUrl(url, [topic]), { ...common, onMessage: (payload, socket, kind) => print({ topic, payload, kind }, socket) })
    }
    const resume = new Resume(topic, options)
    return new Follower(subscribeUrl(url, [topic]), {
      ...common,
      next: (base) => resume.urlFrom(base),
      onMessage: (payload, socket) => {
        const said = resume.read(payload)
        if (said === null) return
        if ('gap' in said) return say(said.gap)
        print(options.envelope ? { ...said.message, payload } : said.message, socket)
      },
    })
  })
}

async function run(topics: readonly string[], options: SubOptions): Promise<void> {
  const npxGone = new Promise<void>((resolve) => {
    if (startedByNpx()) watchParent(resolve)
  })
  for (const topic of topics.filter((each) => each.includes('*'))) {
    say(`${topic} is the topic of that very name: a subscription names its topics, patterns are for slowConsumers and retain`)
  }
  const unique = [...new Set(topics)]
  const printer = new Printer(process.stdout, options.count ?? null, lineOf(unique, options))
  const followers = followAll(unique, options, printer)
  let signalled = false
  function leave(): void {
    for (const follower of followers) follower.leave()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.exitCode = signalExitCodes[signal]
      signalled = true
      if (!followers.some(({ begun }) => begun)) process.exit()
      leave()
    })
  }
  void npxGone.then(leave)
  void printer.done.then(leave)
  try {
    await Promise.all(followers.map((follower) => follower.run()))
  } catch (error) {
    leave()
    throw error
  }
  // Whoever ends us by a signal does not wait for a reader that has stopped reading.
  if (signalled) setTimeout(() => process.exit(), unreadMs).unref()
}

export function addSubCommand(program: Command): void {
  const command = program
    .command('sub')
    .description('Subscribe to topics and print each message on a line of its own, behind its topic where there are several.')
    .argument('<topic...>', 'topics to subscribe to')
    .option('-n, --count <count>', 'exit after this many messages', parseCount)
    .option('-u, --url <url>', 'where the broker serves subscribers (default: ws://localhost:8002, or the port of BROKER_SUBSCRIBE_PORT)')
    .option('--json', 'print {"topic":…,"text":…} a line, or base64 for bytes')
    .addOption(new Option('--since <position>', 'begin behind this position, or at the "beginning" of what is kept').conflicts('last'))
    .option('--last <count>', 'begin with the newest so many that are kept', parseCount)
    .option('--envelope', 'print each message with its place: {"topic","epoch","offset","data"}')
    .option('--no-reconnect', 'end when the connection does')
  addClientFlags(command)
    .addHelpText('after', `
A connection that is lost is made again. With --since, --last or --envelope it goes on where it stood, as far as the topic has a history,
and says what is missing; without them what is published meanwhile is not seen.

Examples:
  $ broker sub prices
  $ broker sub prices news --count 10
  $ broker sub prices --last 10
  $ broker sub prices --url wss://broker.example:8002 | jq .EUR`)
    .action(run)
}
