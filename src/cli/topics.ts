/** `broker topics`: who listens to what, of a running broker. */

import { InvalidArgumentError, type Command } from 'commander'
import { printable } from '../log/printable.js'
import type { TopicStats } from '../native/binding.js'
import { addApiFlags, ApiClient, type ApiFlags } from './api-client.js'
import { CommandError, UsageError } from './exit.js'
import { table } from './table.js'

interface TopicsOptions extends ApiFlags {
  readonly prefix?: string
  readonly max: number
  readonly history?: number
  readonly json?: true
}

/** As GET /topics/{topic}/messages answers. */
interface Kept {
  readonly epoch: string
  readonly messages: readonly { readonly offset: number, readonly data?: unknown, readonly base64?: string }[]
}

const countMax = 100_000
/** As the HTTP API gives in one answer. */
const keptMax = 1000

export function parseCount(text: string): number {
  const count = Number(text)
  if (/^\d{1,6}$/.test(text) && count >= 1 && count <= countMax) return count
  throw new InvalidArgumentError(`It must be 1..${countMax}, got: ${text}`)
}

function parseKept(text: string): number {
  const count = Number(text)
  if (/^\d{1,4}$/.test(text) && count >= 1 && count <= keptMax) return count
  throw new InvalidArgumentError(`It must be 1..${keptMax}, got: ${text}`)
}

export function skippedOf({ skipped }: TopicStats): number {
  return Object.values(skipped).reduce((sum, count) => sum + count, 0)
}

async function find(api: ApiClient, topic: string): Promise<TopicStats[]> {
  const path = `topics/${encodeURIComponent(topic)}`
  if ((await api.ask(path)).status === 404) throw new CommandError(`nobody uses this topic, got: ${printable(topic)}`)
  return [await api.json<TopicStats>(path)]
}

async function list(api: ApiClient, { prefix, max }: TopicsOptions): Promise<readonly TopicStats[]> {
  const query = new URLSearchParams({ max: String(max), ...prefix === undefined ? {} : { prefix } })
  return (await api.json<{ topics: TopicStats[] }>(`topics?${query.toString()}`)).topics
}

/** The newest that are kept of a topic, oldest first: position and payload, a line each. */
async function showHistory(api: ApiClient, topic: string, last: number, asJson: boolean): Promise<void> {
  const { epoch, messages } = await api.json<Kept>(`topics/${encodeURIComponent(topic)}/messages?last=${last}&limit=${last}`)
  const lines = messages.map(({ offset, data, base64 }) => {
    const position = `${epoch}-${offset}`
    if (asJson) return JSON.stringify({ position, ...base64 === undefined ? { data } : { base64 } })
    const payload = base64 === undefined ? typeof data === 'string' ? data : JSON.stringify(data) : `(base64) ${base64}`
    return `${position}  ${printable(payload)}`
  })
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
}

async function run(topic: string | undefined, options: TopicsOptions): Promise<void> {
  const api = new ApiClient(options)
  if (options.history !== undefined) {
    if (topic === undefined) throw new UsageError('--history needs a topic')
    return showHistory(api, topic, options.history, options.json === true)
  }
  const topics = topic === undefined ? await list(api, options) : await find(api, topic)
  if (options.json) return void process.stdout.write(topics.map((each) => `${JSON.stringify(each)}\n`).join(''))
  const rows = topics.map((each) => [String(each.subscribers), String(each.published), String(skippedOf(each)), printable(each.topic)])
  process.stdout.write(table([['SUBSCRIBERS', 'PUBLISHED', 'SKIPPED', 'TOPIC'], ...rows]))
}

export function addTopicsCommand(program: Command): void {
  const command = program
    .command('topics')
    .description('List the topics of a running broker: those that skipped most first, then those with most subscribers.')
    .argument('[topic]', 'one topic')
    .option('--prefix <text>', 'only topics that begin so')
    .option('-n, --max <count>', 'at most so many', parseCount, 100)
    .option('--history <count>', 'of one topic the newest messages that are kept, at most so many', parseKept)
    .option('--json', 'one line of JSON a topic, or a message')
  addApiFlags(command)
    .addHelpText('after', `
Examples:
  $ broker topics
  $ broker topics --prefix prices/ --json | jq .subscribers
  $ broker topics prices/eur --history 10
  $ broker topics prices/eur --url https://broker.example:8000 --token-file api.token`)
    .action(run)
}
