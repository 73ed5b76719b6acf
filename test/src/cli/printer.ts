import { PassThrough } from 'node:stream'
import { test } from 'tap'
import { jsonLine, namedLine, plainLine, Printer } from '../../../src/cli/printer.js'

function message(text: string, kind: 'text' | 'binary' = 'text') {
  return { topic: 't', payload: Buffer.from(text, 'latin1'), kind }
}

test('what a line is made of', async (t) => {
  t.equal(String(plainLine(message('a'))), 'a')
  t.equal(String(namedLine(message('a'))), 't\ta')
  t.equal(String(jsonLine(message('"\n'))), '{"topic":"t","text":"\\"\\n"}')
  t.equal(String(jsonLine(message('\xff\0', 'binary'))), '{"topic":"t","base64":"/wA="}')
})

test('so many messages, one a line, no more', async (t) => {
  const output = new PassThrough()
  const printer = new Printer(output, 2)
  for (const text of ['a', 'b', 'c']) t.ok(printer.print(message(text)))
  await printer.done
  t.equal(String(output.read()), 'a\nb\n')
})

test('a full output says so', async (t) => {
  const printer = new Printer(new PassThrough({ highWaterMark: 4 }), null)
  t.ok(printer.print(message('a')))
  t.notOk(printer.print(message('bcd')))
})
