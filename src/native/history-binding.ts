/** What the engine keeps of topics for replays, and tells of it. Part of the whole contract, binding.ts. */

/** Whichever bound comes first counts. */
export interface HistoryRule {
  readonly topics: string
  readonly messages: number
  /** In memory, at most 64 GiB. */
  readonly bytes: number
  /** 1..1000000. */
  readonly seconds: number
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

export interface HistoryRules {
  readonly rules: readonly HistoryRule[]
  /** Of all histories together, at most 64 GiB. */
  readonly bytesMax: number
  /** Topics that may have one. */
  readonly topicsMax: number
}

export interface HistoryCalls {
  /**
   * What the topic keeps, oldest first. Throws a RangeError for a malformed `since`, and an Error with `code` ERR_TOPIC, ERR_TOPICS or ERR_CLOSED.
   */
  history(topic: string, ask: HistoryAsk): HistoryPage
}
