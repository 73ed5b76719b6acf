import { test } from 'tap'
import { lines, whole } from '../../../src/cli/lines.js'

/** The text in pieces of `size` bytes. */
async function* pieces(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function collect(source: AsyncIterable<Buffer>): Promise<string[]> {
  const found: string[] = []
  for await (const item of source) found.push(item.toString())
  return found
}

test('lines, split at every boundary', async (t) => {
  const table: [string, string[]][] = [
    ['', []], ['a', ['a']], ['a\n', ['a']], ['a\nb', ['a', 'b']], ['\n\na\n', ['', '', 'a']], ['a\r\n', ['a\r']], ['é€\n😀', ['é€', '😀']],
  ]
  for (const [text, want] of table) {
    for (let size = 1; size <= 8; size++) t.strictSame(await collect(lines(pieces(text, size), 100)), want, JSON.stringify(text))
  }
})

test('a line has a bound', async (t) => {
  t.strictSame(await collect(lines(pieces('12345\n12345', 3), 5)), ['12345', '12345'])
  await t.rejects(collect(lines(pieces('123456', 3), 5)), { message: 'a line must be at most 5 bytes, got: more' })
  await t.rejects(collect(lines(pieces('123456\n', 100), 5)), { message: 'a line must be at most 5 bytes, got: more' })
})

test('the whole stream', async (t) => {
  t.strictSame(await collect(whole(pieces('a\nb\n', 3), 4)), ['a\nb\n'])
  t.strictSame(await collect(whole(pieces('', 3), 4)), [''])
  await t.rejects(collect(whole(pieces('12345', 3), 4)), { message: 'a message must be at most 4 bytes, got: more' })
})
