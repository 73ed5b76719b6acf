import { test } from 'tap'
import { touchedTests } from '../../../native/tools/touched-tests.mjs'

const there: ReadonlySet<string> = new Set([
  'test/src/config/parse.ts', 'test/integration/close.ts', 'test/native/topic/log_test.cc', 'test/native/sim/relief_test.cc', 'test/native/tools/touched-tests.ts',
])

function touched(...files: string[]): { typescript: string[], native: string[] } {
  return touchedTests(files, '/', (path) => there.has(path))
}

test('sources of TypeScript and tests: what mirrors them, where there is something', async (t) => {
  t.strictSame(touched('src/config/parse.ts', 'test/src/config/parse.ts', 'src/config/units.ts', 'test/integration/close.ts', 'native/tools/touched-tests.mjs'), {
    typescript: ['test/src/config/parse.ts', 'test/integration/close.ts', 'test/native/tools/touched-tests.ts'], native: [],
  })
})

test('sources of C++: the test of the file, or all of its folder', async (t) => {
  t.strictSame(touched('native/topic/log.h', 'native/topic/log.cc'), { typescript: [], native: ['*/test/native/topic/log_test.cc'] })
  t.strictSame(touched('native/shard/fan_out.cc', 'native/shard/shard.h'), { typescript: [], native: ['*/test/native/shard/*'] })
  t.strictSame(touched('native/codec/protocols.def'), { typescript: [], native: ['*/test/native/codec/*'] })
})

test('tests of C++: themselves; what they share: all of the folder', async (t) => {
  t.strictSame(touched('test/native/sim/relief_test.cc', 'test/native/sim/gone_test.cc'), { typescript: [], native: ['*/test/native/sim/relief_test.cc'] })
  t.strictSame(touched('test/native/sim/client.h'), { typescript: [], native: ['*/test/native/sim/*'] })
})

test('what no native test reaches, and what is no source', async (t) => {
  t.strictSame(touched('native/addon/values.cc', 'native/codec/grpc/proto/message_service.proto', 'binding.gyp'), { typescript: [], native: [] })
})
