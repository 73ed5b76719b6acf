/** The part of the contract with the addon (binding.ts) that speaks of topics: who hears them within this process, what is kept of them. */

import type { SlowConsumerRule } from './binding.js'

/** Whichever bound comes first counts. */
export interface HistoryRule {
  readonly topics: string
  readonly messages: number
  /** In memory, at most 64 GiB. */
  readonly bytes: number
  /** 1..1000000. */
  readonly seconds: number
}

/** What may wait for a subscriber within this process; the oldest publications make room for more. */
export interface ListenLimits {
  /** 1..1000000. */
  readonly messagesMax: number
  /** Of payloads, 1..1073741824; a longer one alone is dropped itself. */
  readonly bytesMax: number
}

/** A publication as a subscriber within this process hears it. */
export interface HeardMessage {
  /** What was published as text is a string, as binary bytes of its own. */
  readonly payload: string | Buffer
  /** Its place in the topic, as `publish` returns it. */
  readonly offset: number
  /** Publications right before it that were dropped, because the queue was full. */
  readonly dropped: number
}

/** Something waits to be heard; told once until it was taken (`hear`). */
export interface HeardEvent {
  readonly type: 'heard'
  /** As `listen` returned it. */
  readonly id: number
}

/** What of a topic's history is asked for. */
export interface HistoryAsk {
  /** A position, `beginning` or `live`; null: see `last`. */
  readonly since: string | null
  /** The newest so many; null, and no `since` either: none. */
  readonly last: number | null
  /** 0..100000. */
  readonly messagesMax: number
  /** In memory, 1..1073741824; one publication at least is told. */
  readonly bytesMax: number
}

export interface HistoryPage {
  readonly epoch: string
  /** Whether the topic has a history at all. */
  readonly keeps: boolean
  /** Of the first message told, or that would have been. */
  readonly firstOffset: number
  /** Of the topic's next publication. */
  readonly nextOffset: number
  /** Of the oldest that is kept; `nextOffset` when nothing is. */
  readonly oldestOffset: number
  /** Whether nothing of what was asked for is missing before the first message. */
  readonly whole: boolean
  /** How much is; null: nobody knows. */
  readonly skipped: number | null
  readonly messages: readonly KeptMessage[]
}

/** A publication as a history keeps it. */
export interface KeptMessage {
  /** What was published as text is a string, as binary bytes of its own. */
  readonly payload: string | Buffer
  readonly offset: number
  /** Its name, where it has one. */
  readonly event: string | null
}

export interface TopicStats {
  readonly topic: string
  readonly subscribers: number
  readonly published: number
  /** Publications skipped for slow consumers, by policy. */
  readonly skipped: Readonly<Record<SlowConsumerRule['policy'], number>>
}
