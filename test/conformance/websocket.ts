/**
 * RFC 6455, case by case (support/websocket-cases.ts), against real brokers of 1, 2 and 3 shards. What is sent comes out at a subscriber of
 * the same topic. Every case is sent whole and frame by frame, the short ones byte by byte too.
 */

import { test, type Test } from 'tap'
import { startBroker, type BrokerProcess } from '../support/broker-process.js'
import { closeOf, frame, opcodes, type Frame } from '../integration/support/frames.js'
import { openRaw, type RawClient } from '../integration/support/raw-client.js'
import { cases, type Case, type Sent } from './support/websocket-cases.js'

const atATime = 16
const bytewiseMax = 64

/** A broker that takes the longest messages and as many fragments. */
const args = ['--set', 'limits.messageBytesMax=16MiB', '--set', 'limits.fragmentsPerMessageMax=1000000', '--set', 'grpc=null', '--set', 'api=null']

function bytesOf({ first, payload }: Sent): Buffer {
  return frame({ opcode: first & 0x0f, final: (first & 0x80) !== 0, reserved: (first >> 4) & 7, payload })
}

const ways: Readonly<Record<string, (frames: readonly Buffer[]) => readonly Buffer[]>> = {
  'at once': (frames) => [Buffer.concat(frames)],
  'frame by frame': (frames) => frames,
  'byte by byte': (frames) => [...Buffer.concat(frames)].map((byte) => Buffer.from([byte])),
}

function isSame(got: Frame, { first, payload }: Sent): boolean {
  return got.bytes[0] === first && got.payload.equals(payload)
}

const shown = ({ first, payload }: Sent) => `${first.toString(16)} ${payload.subarray(0, 40).toString('hex')} (${payload.length})`

/** The first thing that is wrong; null when all is as it must be. */
async function problemOf(client: RawClient, reader: RawClient, { sends, delivers, answers, end }: Case, pieces: readonly Buffer[]): Promise<string | null> {
  client.socket.setNoDelay(true)
  for (const piece of pieces) client.write(piece)
  for (const expected of delivers) {
    const got = await reader.frame()
    if (!isSame(got, expected)) return `delivered ${got.bytes.subarray(0, 44).toString('hex')}, not ${shown(expected)}`
  }
  const pings = sends.filter(({ first }) => (first & 0x0f) === opcodes.ping).length
  for (const expected of answers) {
    let got = await client.frame()
    for (let others = pings - answers.length; others > 0 && got.opcode === opcodes.pong && !isSame(got, expected); others -= 1) got = await client.frame()
    if (!isSame(got, expected)) return `answered ${got.bytes.toString('hex')}, not ${shown(expected)}`
  }
  if (end === 'open') client.write(bytesOf({ first: 0x88, payload: Buffer.from([0x03, 0xe8]) }))
  let got = await client.frame()
  while (got.opcode === opcodes.pong && pings > 1) got = await client.frame()
  if (got.opcode !== opcodes.close) return `got ${got.bytes.toString('hex')} in place of a close frame`
  const { code } = closeOf(got)
  if (code !== (end === 'open' ? 1000 : end)) return `closed with ${code}, not ${end === 'open' ? 1000 : end}`
  client.socket.end()
  const rest = await client.rest()
  return rest.length === 0 ? null : `behind the close frame came ${rest.toString('hex')}`
}

const made = new Map<Case, readonly Buffer[]>()

/** Masking 16 MiB takes its time: once is enough. */
function framesOf(each: Case): readonly Buffer[] {
  const before = made.get(each)
  if (before !== undefined) return before
  const frames = each.sends.map(bytesOf)
  made.set(each, frames)
  return frames
}

/** What comes behind a close frame after the connection has ended is answered by a reset, which takes the answer away: such cases come at once. */
function isWorthwhile(way: string, { sends }: Case, frames: readonly Buffer[]): boolean {
  if (way === 'at once') return true
  const closes = sends.findIndex(({ first }) => (first & 0x0f) === opcodes.close)
  if (closes !== -1 && closes < sends.length - 1) return false
  return way === 'frame by frame' ? frames.length > 1 : frames.reduce((sum, { length }) => sum + length, 0) <= bytewiseMax
}

async function tryOut(t: Test, { publishPort, subscribePort }: BrokerProcess, each: Case, topic: string): Promise<readonly string[]> {
  const frames = framesOf(each)
  const problems: string[] = []
  for (const [way, cut] of Object.entries(ways)) {
    if (!isWorthwhile(way, each, frames)) continue
    const reader = await openRaw(t, subscribePort, topic)
    const client = await openRaw(t, publishPort, topic)
    const problem = await problemOf(client, reader, each, cut(frames)).catch((error: Error) => error.message)
    // What must not be delivered would have come before this.
    const witness = await openRaw(t, publishPort, topic)
    witness.write(bytesOf({ first: 0x81, payload: Buffer.from('the end') }))
    const tail = problem === null ? (await reader.frame()).payload.toString() : 'the end'
    if (problem !== null) problems.push(`${way}: ${problem}`)
    if (tail !== 'the end') problems.push(`${way}: delivered besides: ${tail.slice(0, 100)}`)
    for (const each of [reader, client, witness]) each.socket.destroy()
  }
  return problems
}

for (const shards of [1, 2, 3]) {
  test(`${shards} shards`, async (t) => {
    const broker = await startBroker(t, { args: [...args, '--shards', String(shards)] })
    let topics = 0
    for (const [section, list] of Object.entries(cases)) {
      await t.test(section, async (st) => {
        for (let at = 0; at < list.length; at += atATime) {
          await Promise.all(list.slice(at, at + atATime).map(async (each) => {
            topics += 1
            st.strictSame(await tryOut(st, broker, each, `/case-${topics}`), [], each.name)
          }))
        }
      })
    }
    t.equal(broker.stderr(), '')
  })
}

test('all of them', async (t) => {
  t.ok(Object.values(cases).flat().length >= 301, 'as many as the public suite has')
})
