/** `broker top`: what a running broker does now, on one screen, a line of JSON, or a block of text every few seconds. */

import { setTimeout as pause } from 'node:timers/promises'
import { InvalidArgumentError, type Command } from 'commander'
import { parseDuration } from '../config/units.js'
import type { TopicStats } from '../native/binding.js'
import { addApiFlags, ApiClient, type ApiFlags } from './api-client.js'
import { parseCount } from './topics.js'
import { press, type Choice } from './top/keys.js'
import { frameOf, parseMetrics, type Frame, type Sample } from './top/sample.js'
import { orders, screen, shownTopics, type Order } from './top/screen.js'

interface TopOptions extends ApiFlags {
  readonly interval: number
  readonly once?: true
  readonly json?: true
  readonly max: number
  readonly sort: Order
  readonly filter: string
}

const leastMs = 200
const mostMs = 3_600_000
const columnsUsual = 160
const rowsWithoutEnd = 100_000

function parseInterval(text: string): number {
  const ms = parseDuration(text)
  if (ms >= leastMs && ms <= mostMs) return ms
  throw new InvalidArgumentError(`It must be ${leastMs}ms..1h, got: ${text}`)
}

function parseSort(text: string): Order {
  const found = Object.entries(orders).find(([, { name }]) => name === text)?.[0]
  if (found !== undefined) return found as Order
  throw new InvalidArgumentError(`It must be one of ${Object.values(orders).map(({ name }) => name).join(', ')}, got: ${text}`)
}

async function sample(api: ApiClient, max: number): Promise<Sample> {
  const [text, { topics }] = await Promise.all([api.get('metrics'), api.json<{ topics: TopicStats[] }>(`topics?max=${max}`)])
  return { atMs: performance.now(), ...parseMetrics(text), topics }
}

function titleOf(api: ApiClient, { order, filter, typing }: Choice, isTerminal: boolean): string {
  const filtered = typing || filter !== '' ? `: ${filter}${typing ? '_' : ''}` : ''
  const keys = isTerminal ? `: sorted by ${orders[order].name} (r rate, u subscribers, k skipped), / filters${filtered}, q ends` : ''
  return `${api.url.host}  ${new Date().toISOString().slice(11, 19)}${keys}`
}

/** A terminal that is drawn over, with keys. */
class Terminal {
  choice: Choice
  #wake: () => void = () => {}

  constructor(order: Order, filter: string) {
    this.choice = { order, filter, typing: false, ended: false }
  }

  open(): void {
    process.stdout.write('\u001b[?1049h\u001b[?25l') // a screen of its own, without a cursor
    process.stdin.setRawMode(true).setEncoding('utf8').on('data', (text) => {
      for (const key of String(text)) this.choice = press(this.choice, key)
      this.#wake()
    })
    process.on('exit', () => process.stdout.write('\u001b[?25h\u001b[?1049l'))
  }

  draw(lines: readonly string[]): void {
    process.stdout.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join('\r\n')}\u001b[J`)
  }

  /** Until it is time, or a key was pressed. */
  async wait(ms: number): Promise<void> {
    const abort = new AbortController()
    await Promise.race([pause(ms, undefined, { signal: abort.signal }).catch(() => {}), new Promise<void>((resolve) => (this.#wake = resolve))])
    abort.abort()
  }
}

function printOne(frame: Frame, api: ApiClient, options: TopOptions, choice: Choice): void {
  if (options.json) return void process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...frame, topics: shownTopics(frame, choice) })}\n`)
  const lines = screen(frame, { ...choice, columns: columnsUsual, rows: rowsWithoutEnd }, titleOf(api, choice, false))
  process.stdout.write(`${lines.join('\n')}\n`)
}

async function drawUntilEnd(api: ApiClient, options: TopOptions, first: Sample): Promise<void> {
  const terminal = new Terminal(options.sort, options.filter)
  terminal.open()
  let [before, now] = [first, first]
  while (!terminal.choice.ended) {
    if (performance.now() - now.atMs >= options.interval || before === now) [before, now] = [now, await sample(api, options.max)]
    const { columns = columnsUsual, rows = 50 } = process.stdout
    terminal.draw(screen(frameOf(before, now), { ...terminal.choice, columns, rows: rows - 1 }, titleOf(api, terminal.choice, true)))
    await terminal.wait(Math.max(1, options.interval - (performance.now() - now.atMs)))
  }
  process.exit() // the terminal is given back, and standard input let go
}

async function run(options: TopOptions): Promise<void> {
  const api = new ApiClient(options)
  let before = await sample(api, options.max)
  if (process.stdout.isTTY && process.stdin.isTTY && !options.json && !options.once) return drawUntilEnd(api, options, before)
  do {
    await pause(options.interval)
    const now = await sample(api, options.max)
    printOne(frameOf(before, now), api, options, { order: options.sort, filter: options.filter, typing: false, ended: false })
    before = now
  } while (!options.once)
}

export function addTopCommand(program: Command): void {
  const command = program
    .command('top')
    .description('Show what a running broker does now: rates, what is refused and why, the busiest topics.')
    .option('-i, --interval <duration>', 'how often to look', parseInterval, 2000)
    .option('--once', 'print what happened within one interval, and end')
    .option('--json', 'one line of JSON an interval')
    .option('-n, --max <count>', 'topics to look at', parseCount, 100)
    .option('-s, --sort <order>', 'rate, subscribers or skipped', parseSort, 'r' as Order)
    .option('-f, --filter <text>', 'only topics that have this in their names', '')
  addApiFlags(command)
    .addHelpText('after', `
On a terminal it is one screen: r, u and k sort by rate, subscribers and what was skipped, / filters, q ends. In a pipe it prints a block an interval.

Examples:
  $ broker top
  $ broker top --once --interval 1s
  $ broker top --json | jq .rates.deliveries`)
    .action(run)
}
