import { PassThrough } from 'node:stream'
import { test } from 'tap'
import { Printer } from '../../../src/cli/printer.js'

test('so many messages, one a line, no more', async (t) => {
  const output = new PassThrough()
  const printer = new Printer(output, 2)
  for (const text of ['a', 'b', 'c']) t.ok(printer.print(Buffer.from(text)))
  await printer.done
  t.equal(String(output.read()), 'a\nb\n')
})

test('a full output says so', async (t) => {
  const printer = new Printer(new PassThrough({ highWaterMark: 4 }), null)
  t.ok(printer.print(Buffer.from('a')))
  t.notOk(printer.print(Buffer.from('bcd')))
})
