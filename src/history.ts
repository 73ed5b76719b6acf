/** What topics keep of their publications, as programs ask for it: from the engine's offsets to positions. */

import { formatGot } from './config/parse.js'
import type { HistoryPage as EnginePage, KeptMessage, NativeEngine } from './native/binding.js'

/** From where a history is read; without either, from the oldest publication that is kept. */
export interface HistoryOptions {
  /** A position `<epoch>-<offset>`: what its holder has. What comes behind it is read. Or `beginning`. */
  readonly since?: string
  /** The newest so many, 1 or more. */
  readonly last?: number
  /** Publications at most, 1..100000. Default: 1000. */
  readonly limit?: number
}

/** Publications that are missing: the positions of the first and the last one, and how many; null where nobody knows. */
export interface Gap {
  readonly from: string | null
  readonly to: string | null
  readonly skipped: number | null
}

export interface KeptPublication extends KeptMessage {
  readonly position: string
}

export interface TopicHistory {
  readonly topic: string
  readonly epoch: string
  /** Oldest first, without a hole. */
  readonly messages: readonly KeptPublication[]
  /** What who has read this has: to be read on from. */
  readonly next: string
  /** What was asked for and is not kept any more; null: nothing. */
  readonly gap: Gap | null
  /** From here everything can be read that is kept. */
  readonly oldest: string
  /** False: the topic has no history, whatever is published to it. */
  readonly keeps: boolean
}

const limitDefault = 1000
const limitMax = 100_000
/** Of one page; one publication at least is told. */
const bytesMax = 8 * 2 ** 20
const lastMax = 2 ** 32 - 1

/** What everybody has who has everything before `offset`. */
export function positionBefore(epoch: string, offset: number): string {
  return `${epoch}-${offset - 1}`
}

function gapOf({ epoch, whole, skipped, firstOffset }: EnginePage): Gap | null {
  if (whole) return null
  if (skipped === null) return { from: null, to: null, skipped: null }
  return { from: `${epoch}-${firstOffset - skipped}`, to: `${epoch}-${firstOffset - 1}`, skipped }
}

function assertCount(name: string, value: number, most: number): void {
  if (!(Number.isInteger(value) && value >= 1 && value <= most)) throw new RangeError(`${name} must be 1..${most}, got: ${formatGot(value)}`)
}

/** See Broker.history. */
export function readHistory(engine: Pick<NativeEngine, 'history'>, topic: string, { since, last, limit = limitDefault }: HistoryOptions): TopicHistory {
  if (typeof topic !== 'string') throw new TypeError(`topic must be a string, got: ${formatGot(topic)}`)
  if (since !== undefined && typeof since !== 'string') throw new TypeError(`since must be a string, got: ${formatGot(since)}`)
  if (since !== undefined && last !== undefined) throw new RangeError('there must be since or last, got: both')
  assertCount('limit', limit, limitMax)
  if (last !== undefined) assertCount('last', last, lastMax)
  const wanted = since === undefined ? last ?? lastMax : null
  const page = engine.history(topic, { since: since ?? null, last: wanted, messagesMax: limit, bytesMax })
  const { epoch, firstOffset, oldestOffset, keeps } = page
  const messages = page.messages.map((message) => ({ ...message, position: `${epoch}-${message.offset}` }))
  const next = messages.at(-1)?.position ?? positionBefore(epoch, firstOffset)
  return { topic, epoch, messages, next, gap: gapOf(page), oldest: positionBefore(epoch, oldestOffset), keeps }
}
