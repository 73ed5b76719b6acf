/** `broker sub`: prints what is published to topics. */

import { InvalidArgumentError, type Command } from 'commander'
import { closedByBroker, connect } from './connect.js'
import { signalExitCodes } from './exit.js'
import { startedByNpx, watchParent } from './npx.js'
import { Printer } from './printer.js'
import { subscribeUrl } from './topic-url.js'

/** What a slow reader has for the last messages. */
const unreadMs = 200

interface SubOptions {
  readonly url: string
  readonly count?: number
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || !Number.isSafeInteger(count)) {
    throw new InvalidArgumentError(`It must be a whole number from 1, got: ${text}`)
  }
  return count
}

async function run(topics: readonly string[], { url, count }: SubOptions): Promise<void> {
  const npxGone = new Promise<void>((resolve) => {
    if (startedByNpx()) watchParent(resolve)
  })
  const printer = new Printer(process.stdout, count ?? null)
  let signalled = false
  let leaving = false
  const { socket, closed } = await connect(subscribeUrl(url, topics), 'subscribe', (payload, from) => {
    if (printer.print(payload) || from.isPaused || leaving) return
    from.pause() // the reader of our output sets the pace
    process.stdout.once('drain', () => from.resume())
  })
  function leave(): void {
    leaving = true
    socket.resume() // paused, it would not see the answer to its close
    socket.close(1000)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.exitCode = signalExitCodes[signal]
      signalled = true
      leave()
    })
  }
  void npxGone.then(leave)
  void printer.done.then(leave)
  const [code, reason] = await closed
  // Whoever ends us by a signal does not wait for a reader that has stopped reading.
  if (signalled) return void setTimeout(() => process.exit(), unreadMs).unref()
  if (!leaving) throw closedByBroker(code, reason)
}

export function addSubCommand(program: Command): void {
  program
    .command('sub')
    .description('Subscribe to topics and print each message on a line of its own.')
    .argument('<topic...>', 'topics to subscribe to')
    .option('-n, --count <count>', 'exit after this many messages', parseCount)
    .option('-u, --url <url>', 'where the broker serves subscribers', 'ws://localhost:8002')
    .addHelpText('after', `
Examples:
  $ broker sub prices
  $ broker sub prices news --count 10
  $ broker sub prices --url ws://broker.example:8002 | jq .EUR`)
    .action(run)
}
