/** Splits a byte stream into lines without touching the bytes: payloads are opaque. */

import { CommandError } from './exit.js'

const newline = 0x0a

/**
 * Every line without its newline; a last line without one counts too.
 * @throws {CommandError} a line longer than `lineBytesMax`.
 */
export async function* lines(input: AsyncIterable<Buffer>, lineBytesMax: number): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let size = 0
  function add(part: Buffer): void {
    parts.push(part)
    size += part.length
    if (size > lineBytesMax) throw new CommandError(`a line must be at most ${lineBytesMax} bytes, got: more`)
  }
  function take(): Buffer {
    const line = Buffer.concat(parts)
    parts = []
    size = 0
    return line
  }
  for await (const chunk of input) {
    let from = 0
    for (let to = chunk.indexOf(newline); to !== -1; to = chunk.indexOf(newline, from)) {
      add(chunk.subarray(from, to))
      yield take()
      from = to + 1
    }
    add(chunk.subarray(from))
  }
  if (size > 0) yield take()
}

/** The whole stream as one message. @throws {CommandError} more than `bytesMax`. */
export async function* whole(input: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of input) {
    chunks.push(chunk)
    size += chunk.length
    if (size > bytesMax) throw new CommandError(`a message must be at most ${bytesMax} bytes, got: more`)
  }
  yield Buffer.concat(chunks)
}
