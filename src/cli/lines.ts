/** Splits a byte stream into lines without touching the bytes: payloads are opaque. */

import { CommandError } from './exit.js'

const newline = 0x0a

/**
 * Every line without its newline; a last line without one counts too.
 * @throws {CommandError} a line longer than `lineBytesMax`.
 */
export async function* lines(input: AsyncIterable<Buffer>, lineBytesMax: number): AsyncGenerator<Buffer> {
  let rest: Buffer[] = []
  let restBytes = 0
  for await (const chunk of input) {
    let from = 0
    for (let to = chunk.indexOf(newline); to !== -1; to = chunk.indexOf(newline, from)) {
      yield Buffer.concat([...rest, chunk.subarray(from, to)])
      rest = []
      restBytes = 0
      from = to + 1
    }
    rest.push(chunk.subarray(from))
    restBytes += chunk.length - from
    if (restBytes > lineBytesMax) throw new CommandError(`a line must be at most ${lineBytesMax} bytes, got: more`)
  }
  if (restBytes > 0) yield Buffer.concat(rest)
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
