/** Prints messages one a line, at most so many. */

import type { Writable } from 'node:stream'

const newline = Buffer.from('\n')

export interface PrintedMessage {
  readonly topic: string
  readonly payload: Buffer
  readonly kind: 'text' | 'binary'
}

/** What a line is made of a message. */
export type Line = (message: PrintedMessage) => Buffer

/** The bytes as they are. */
export const plainLine: Line = ({ payload }) => payload

/** Behind the topic and a tab: of several topics each line says which it is of. */
export const namedLine: Line = ({ topic, payload }) => Buffer.concat([Buffer.from(`${topic}\t`), payload])

/** `{"topic":"a","text":"…"}`, or `base64` for bytes. */
export const jsonLine: Line = ({ topic, payload, kind }) =>
  Buffer.from(JSON.stringify(kind === 'text' ? { topic, text: payload.toString() } : { topic, base64: payload.toString('base64') }))

export class Printer {
  readonly #output: Writable
  readonly #line: Line
  #left: number
  #finish: () => void = () => {}
  /** Resolves when the last message counted has been written; never without a count. */
  readonly done: Promise<void>

  /** `count` null prints without end. */
  constructor(output: Writable, count: number | null, line: Line = plainLine) {
    this.#output = output
    this.#line = line
    this.#left = count ?? Infinity
    this.done = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  /** @returns false when the output is full: the next message should wait for its 'drain'. */
  print(message: PrintedMessage): boolean {
    if (this.#left === 0) return true
    this.#left -= 1
    const onWritten = this.#left === 0 ? () => this.#finish() : () => {}
    return this.#output.write(Buffer.concat([this.#line(message), newline]), onWritten)
  }
}
