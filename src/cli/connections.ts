/** `broker connections`: who is connected to a running broker, what each says and gets, and ending one. */

import { Argument, Option, type Command } from 'commander'
import { connectionOrders, connectionsLimitMax, type ConnectionInfo, type ConnectionList } from '../connections.js'
import { printable } from '../log/printable.js'
import type { ConnectionOrder } from '../native/binding.js'
import { addApiFlags, ApiClient, type ApiFlags } from './api-client.js'
import { CommandError, UsageError } from './exit.js'
import { table } from './table.js'
import { parseCount } from './topics.js'

interface ConnectionsOptions extends ApiFlags {
  readonly protocol?: string
  readonly listener?: string
  readonly peer?: string
  readonly topic?: string
  readonly subject?: string
  readonly sort: ConnectionOrder
  readonly max: number
  readonly json?: true
}

/** A page at a time, until there are enough. */
async function list(api: ApiClient, { protocol, listener, peer, topic, subject, sort, max }: ConnectionsOptions): Promise<ConnectionInfo[]> {
  const found: ConnectionInfo[] = []
  const conditions = Object.entries({ protocol, listener, peer, topic, subject }).filter((each): each is [string, string] => each[1] !== undefined)
  for (let after: string | null = ''; after !== null && found.length < max;) {
    const limit = String(Math.min(connectionsLimitMax, max - found.length))
    const query = new URLSearchParams([...conditions, ['sort', sort], ['limit', limit]])
    if (after !== '') query.set('after', after)
    const page: ConnectionList = await api.json<ConnectionList>(`connections?${query.toString()}`)
    found.push(...page.connections)
    after = page.next
  }
  return found
}

function topicOf({ publishesTo, topics, subscriptions }: ConnectionInfo): string {
  if (publishesTo !== null) return `> ${publishesTo}`
  const [first] = topics
  if (first === undefined) return '-'
  return subscriptions > 1 ? `${first} and ${subscriptions - 1} more` : first
}

function rowOf(each: ConnectionInfo): string[] {
  const { id, protocol, peer, subject, messagesIn, messagesOut, pendingBytes, throttled, state } = each
  const how = throttled ? 'throttled' : state
  const who = [printable(peer), subject === null ? '-' : printable(subject)]
  return [String(id), protocol, ...who, String(messagesIn), String(messagesOut), String(pendingBytes), how, printable(topicOf(each))]
}

const columns = ['ID', 'PROTOCOL', 'PEER', 'SUBJECT', 'IN', 'OUT', 'PENDING', 'STATE', 'TOPIC']

async function remove(api: ApiClient, id: string): Promise<void> {
  const { status } = await api.ask(`connections/${encodeURIComponent(id)}`, 'DELETE')
  if (status === 404) throw new CommandError(`there is no such connection, got: ${printable(id)}`)
  if (status === 200) return
  await api.get(`connections?limit=1`) // says in words why it is refused
  throw new CommandError(`the broker refused to end it: ${status}`)
}

async function run(action: string | undefined, id: string | undefined, options: ConnectionsOptions): Promise<void> {
  const api = new ApiClient(options)
  if (action === 'remove') {
    if (id === undefined) throw new UsageError('connections remove needs the id of a connection')
    return remove(api, id)
  }
  const found = await list(api, options)
  if (options.json) return void process.stdout.write(found.map((each) => `${JSON.stringify(each)}\n`).join(''))
  process.stdout.write(table([columns, ...found.map(rowOf)]))
}

export function addConnectionsCommand(program: Command): void {
  const command = program
    .command('connections')
    .description('List who is connected to a running broker, or end one connection.')
    .addArgument(new Argument('[action]', 'what to do instead of listing').choices(['remove']))
    .argument('[id]', 'of the connection to end')
    .addOption(new Option('--sort <by>', 'largest first (age: oldest first)').choices(connectionOrders).default('id'))
    .option('--protocol <name>', 'only connections that speak it, such as websocket-subscribe, sse, grpc')
    .option('--listener <address>', 'only those that came in by it, such as 127.0.0.1:8001')
    .option('--peer <text>', 'only those whose address begins so')
    .option('--topic <text>', 'only those with a topic that begins so')
    .option('--subject <name>', 'only those whose credential says so')
    .option('-n, --max <count>', 'at most so many', parseCount, 100)
    .option('--json', 'one line of JSON a connection')
  addApiFlags(command)
    .addHelpText('after', `
Examples:
  $ broker connections --sort pendingBytes --max 10
  $ broker connections --topic prices/ --json | jq .peer
  $ broker connections remove 109051905`)
    .action(run)
}
