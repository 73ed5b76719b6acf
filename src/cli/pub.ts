/** `broker pub`: publishes an argument, or what comes on standard input. */

import { isUtf8 } from 'node:buffer'
import type { Command } from 'commander'
import type { WebSocket } from 'ws'
import { addClientFlags, cautions, clientAccess, wantsTls, type ClientFlags } from './client-options.js'
import { closedByBroker, connect, messageBytesMax } from './connect.js'
import { defaultUrl } from './default-url.js'
import { CommandError } from './exit.js'
import { lines, whole } from './lines.js'
import { publishUrl } from './topic-url.js'

interface PubOptions extends ClientFlags {
  readonly url?: string
  readonly whole?: true
  readonly binary?: true
}

function messages(message: string, options: PubOptions): AsyncIterable<Buffer> | Iterable<Buffer> {
  if (message !== '-') return [Buffer.from(message)]
  if (process.stdin.isTTY) process.stderr.write('broker: one message a line, Ctrl-D ends\n')
  return options.whole ? whole(process.stdin, messageBytesMax) : lines(process.stdin, messageBytesMax)
}

/** Resolves when the kernel has taken the bytes: a fast standard input cannot fill the memory. */
function send(socket: WebSocket, payload: Buffer, binary: boolean): Promise<void> {
  if (!binary && !isUtf8(payload)) throw new CommandError('a text message must be valid UTF-8 (use --binary for any bytes)')
  return new Promise((resolve, reject) => {
    socket.send(payload, { binary }, (error) => (error ? reject(error) : resolve()))
  })
}

async function run(topic: string, message: string, options: PubOptions): Promise<void> {
  const url = publishUrl(options.url ?? defaultUrl('publish', wantsTls(options) ? 'wss' : 'ws'), topic)
  const access = clientAccess(options)
  for (const caution of cautions(url, options, access)) process.stderr.write(`broker: ${caution}\n`)
  const { socket, closed } = await connect(url, 'publish', () => {}, access)
  async function publishAll(): Promise<void> {
    for await (const payload of messages(message, options)) await send(socket, payload, options.binary === true)
  }
  // The broker may close first, such as for a message over its limit: then sending fails too, but the close says why.
  const published = publishAll().catch((error: unknown) => {
    if (error instanceof CommandError) throw error
  })
  try {
    await Promise.race([closed, published])
  } finally {
    process.stdin.destroy()
    socket.close(1000)
  }
  const [code, reason] = await closed
  if (code !== 1000) throw closedByBroker(code, reason)
}

export function addPubCommand(program: Command): void {
  const command = program
    .command('pub')
    .description('Publish to a topic: the argument as one message, or standard input with one message a line.')
    .argument('<topic>', 'topic to publish to')
    .argument('[message]', 'the message; - or nothing reads standard input', '-')
    .option('-u, --url <url>', 'where the broker takes publications (default: ws://localhost:8001, or the port of BROKER_PUBLISH_PORT)')
    .option('--whole', 'publish the whole standard input as one message')
    .option('--binary', 'publish as binary instead of text')
  addClientFlags(command)
    .addHelpText('after', `
Examples:
  $ broker pub prices '{"EUR": 1.08}'
  $ tail -f quotes.log | broker pub prices -
  $ broker pub images - --whole --binary < cat.png
  $ broker pub prices hello --url wss://broker.example:8001 --token-file feed.token`)
    .action(run)
}
