/** A topic in envelopes (docs/history.md): where its reader stands, so that the next connection goes on there, and what its frames mean. */

import type { PrintedMessage } from './printer.js'

export interface ResumeOptions {
  /** A position, or `beginning`. */
  readonly since?: string
  /** The newest so many, of the first connection. */
  readonly last?: number
}

/** What a frame says: a message, or a line for people about what is missing; null: nothing that anybody needs to see. */
export type Said = { readonly message: PrintedMessage } | { readonly gap: string } | null

interface Frame {
  readonly topic?: string
  readonly epoch?: string
  readonly offset?: number
  readonly base64?: string
  readonly gap?: { readonly from: string | null, readonly to: string | null, readonly skipped: number | null }
  readonly live?: string
}

/** Behind the fixed beginning of an envelope stands the payload as it was published, where that was JSON. */
const beginning = /^\{"topic":"(?:[^"\\]|\\.)*","epoch":"\w+","offset":\d+,"data":/

/** JSON as it was written; of a string what it stands for. */
function textOf(frame: string): string {
  const raw = frame.slice(beginning.exec(frame)?.[0].length ?? 0, -1)
  return raw.startsWith('"') ? String(JSON.parse(raw)) : raw
}

function gapText(topic: string, { from, to, skipped }: NonNullable<Frame['gap']>): string {
  if (skipped === null) return `${topic}: something may be missing here, and nobody knows how much`
  return `${topic}: ${skipped} ${skipped === 1 ? 'message is' : 'messages are'} missing here (${from} to ${to})`
}

export class Resume {
  readonly #topic: string
  #query: string

  constructor(topic: string, { since, last }: ResumeOptions) {
    this.#topic = topic
    this.#query = since !== undefined ? `since=${encodeURIComponent(since)}` : last !== undefined ? `last=${last}` : ''
  }

  /** The URL of the next connection: from the position that was seen last. */
  urlFrom(url: URL): URL {
    return new URL(`${url.href}&envelope=1${this.#query === '' ? '' : `&${this.#query}`}`)
  }

  read(payload: Buffer): Said {
    const text = payload.toString()
    const frame = JSON.parse(text) as Frame
    if (frame.live !== undefined) this.#standAt(frame.live)
    if (frame.gap !== undefined) return { gap: gapText(this.#topic, frame.gap) }
    if (frame.offset === undefined) return null
    this.#standAt(`${frame.epoch}-${frame.offset}`)
    const { base64 } = frame
    if (base64 !== undefined) return { message: { topic: this.#topic, payload: Buffer.from(base64, 'base64'), kind: 'binary' } }
    return { message: { topic: this.#topic, payload: Buffer.from(textOf(text)), kind: 'text' } }
  }

  #standAt(position: string): void {
    this.#query = `since=${encodeURIComponent(position)}`
  }
}
