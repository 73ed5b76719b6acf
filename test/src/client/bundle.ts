/** The client as browsers load it: small, and without anything that is only in Node. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { test } from 'tap'
import { packageRoot } from '../../../src/package-info.js'

interface Tool {
  readonly clientGzipBytesMax: number
  buildClient(entry: string, outfile: string): Promise<void>
}

test('less than 4 kB, and no import', async (t) => {
  const tool = await import(join(packageRoot, 'native/tools/client.mjs')) as Tool
  const file = join(t.testdir(), 'client.js')
  await tool.buildClient(join(packageRoot, 'src/client/client.ts'), file)
  const code = readFileSync(file)
  const { length } = gzipSync(code, { level: 9 })
  t.equal(tool.clientGzipBytesMax, 4096)
  t.ok(length < tool.clientGzipBytesMax, `${length} bytes`)
  t.notMatch(code.toString(), /\bimport\b|\brequire\b|\bprocess\b|\bBuffer\b/)
  t.comment(`${code.length} bytes, ${length} compressed`)
})

test('the package exports it: types, for Node, for everybody else', async (t) => {
  const { exports } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { exports: Record<string, Record<string, string>> }
  t.strictSame(Object.keys(exports['./client'] ?? {}), ['types', 'node', 'default'], 'the order in which they are tried')
})
