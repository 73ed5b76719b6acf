/** Where each topic stands: from the frames of the envelope to events, without a publication twice and without a hole that is not told. */

import { SubscriptionError, type SubscriptionEvent } from './events.js'

/** A text frame of `?envelope=1` (docs/protocols.md): a publication, a gap, or that a topic is live. */
export interface Frame {
  readonly topic?: string
  readonly epoch?: string
  readonly offset?: number
  readonly data?: unknown
  readonly base64?: string
  readonly gap?: { readonly topic?: string, readonly from?: unknown, readonly to?: unknown, readonly skipped?: unknown }
  readonly live?: string
}

/** `epoch` undefined: `position` is all that is known. */
interface Place {
  readonly position: string
  readonly epoch?: string
  readonly offset: number
}

/** `e-5` is in epoch e at 5; an epoch has no `-`. What is not written so is its own epoch, at no offset. */
function placeOf(position: string): Place {
  const [epoch = '', text = ''] = position.split(/-(.*)/)
  return /^-?\d+$/.test(text) ? { position, epoch, offset: Number(text) } : { position, offset: NaN }
}

function textOf(value: unknown, epoch: string | undefined): string | null {
  if (typeof value === 'number') return epoch === undefined ? null : `${epoch}-${value}`
  return typeof value === 'string' ? value : null
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}

export class Positions {
  readonly #places = new Map<string, Place>()
  /** Topics whose next publication may have any offset: what is missing before it has been told. */
  readonly #told = new Set<string>()

  constructor(since: Readonly<Record<string, string>>) {
    for (const [topic, position] of Object.entries(since)) this.#places.set(topic, placeOf(position))
  }

  /** For `since`; undefined: the topic has none yet. */
  of(topic: string): string | undefined {
    return this.#places.get(topic)?.position
  }

  /**
   * The events that a frame stands for, on a connection for these topics, or the topic that is live now.
   * @throws {SubscriptionError} what is no frame of the envelope.
   */
  read(text: unknown, topics: readonly string[]): SubscriptionEvent[] | string {
    const frame = this.#frameIn(text)
    const topic = frame.gap?.topic ?? frame.topic ?? topics[0] ?? ''
    if (!topics.includes(topic)) throw new SubscriptionError(`the server sends a topic that was not asked for (the URL must name none), got: ${topic}`, 0)
    if (frame.gap !== undefined) return [this.#gap(topic, frame.gap)]
    if (frame.live === undefined) return this.#message(topic, frame)
    this.#told.delete(topic)
    this.#places.set(topic, placeOf(frame.live))
    return topic
  }

  #frameIn(text: unknown): Frame {
    let frame: Frame | null = null
    try {
      frame = JSON.parse(text as string) as Frame | null
    } catch {
      // Said below.
    }
    const isControl = typeof frame?.gap === 'object' || typeof frame?.live === 'string'
    const isPublication = typeof frame?.epoch === 'string' && typeof frame.offset === 'number'
    if (frame === null || !(isControl || isPublication)) throw new SubscriptionError(`the server must speak ?envelope=1, got: ${String(text).slice(0, 50)}`, 0)
    return frame
  }

  #gap(topic: string, { from, to, skipped }: NonNullable<Frame['gap']>): SubscriptionEvent {
    this.#told.add(topic)
    const epoch = this.#places.get(topic)?.epoch
    const last = textOf(to, epoch)
    if (last !== null) this.#places.set(topic, placeOf(last))
    return { type: 'gap', topic, from: textOf(from, epoch), to: last, skipped: typeof skipped === 'number' ? skipped : null }
  }

  /** None for one that was there already. */
  #message(topic: string, { epoch = '', offset = 0, data, base64 }: Frame): SubscriptionEvent[] {
    const before = this.#places.get(topic)
    const told = this.#told.delete(topic)
    const missing = before?.epoch === epoch ? offset - before.offset - 1 : 0
    if (missing < 0) return []
    const position = `${epoch}-${offset}`
    this.#places.set(topic, { position, epoch, offset })
    const message: SubscriptionEvent = { type: 'message', topic, position, data: base64 === undefined ? data : bytesOf(base64) }
    if (told || !(missing > 0)) return [message]
    return [{ type: 'gap', topic, from: `${epoch}-${offset - missing}`, to: `${epoch}-${offset - 1}`, skipped: missing }, message]
  }
}
