import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { FileWatch, type FileWatchTimes } from '../../../src/tls/file-watch.js'
import { eventually } from '../../integration/support/eventually.js'

/** Told at once; looked at by itself never. */
const told: FileWatchTimes = { pollMs: 3_600_000, settleMs: 5, settleMaxMs: 100 }

function watching(t: Test, files: readonly string[], times = told) {
  const seen = { changes: 0 }
  const watch = new FileWatch(files, () => { seen.changes += 1 }, times)
  t.teardown(() => watch.close())
  return { watch, seen, change: (count: number) => eventually(`change ${count}`, () => seen.changes === count) }
}

test('written in place, renamed over, taken away, put back', async (t) => {
  const folder = t.testdir({ cert: 'one' })
  const file = join(folder, 'cert')
  const { change } = watching(t, [file])
  writeFileSync(file, 'two')
  await change(1)
  writeFileSync(join(folder, 'next'), 'three')
  renameSync(join(folder, 'next'), file)
  await change(2)
  unlinkSync(file)
  await change(3)
  writeFileSync(file, 'four')
  await change(4)
})

test('links as Kubernetes has them: the folder behind them is another at once', async (t) => {
  const folder = t.testdir({ first: { cert: 'one', key: 'one' }, second: { cert: 'two', key: 'two' } })
  const at = (name: string) => join(folder, name)
  symlinkSync('first', at('..data'))
  for (const name of ['cert', 'key']) symlinkSync(`..data/${name}`, at(name))
  const { change, seen } = watching(t, [at('cert'), at('key')])
  symlinkSync('second', at('..data_tmp'))
  renameSync(at('..data_tmp'), at('..data'))
  await change(1)
  rmSync(at('first'), { recursive: true })
  writeFileSync(at('second/key'), 'three')
  await change(2)
  t.equal(seen.changes, 2)
})

test('links as certbot has them, into another folder', async (t) => {
  const folder = t.testdir({ archive: { 'cert1.pem': 'one', 'cert2.pem': 'two' }, live: {} })
  const link = join(folder, 'live/cert.pem')
  symlinkSync('../archive/cert1.pem', link)
  const { change } = watching(t, [link])
  symlinkSync('../archive/cert2.pem', `${link}.new`)
  renameSync(`${link}.new`, link)
  await change(1)
  writeFileSync(join(folder, 'archive/cert2.pem'), 'three, in place')
  await change(2)
})

test('both files of a pair are one change, however the writing goes on', async (t) => {
  const folder = t.testdir({ cert: 'one', key: 'one' })
  const files = ['cert', 'key'].map((name) => join(folder, name))
  const { change, seen } = watching(t, files, { ...told, settleMs: 60 })
  for (const file of files) writeFileSync(file, 'two')
  await change(1)
  const churn = setInterval(() => writeFileSync(join(folder, 'other'), 'x'), 10)
  t.teardown(() => clearInterval(churn))
  writeFileSync(files[0] ?? '', 'three')
  await change(2)
  t.equal(seen.changes, 2)
})

test('where nothing is told it is looked at; what is known is no change', async (t) => {
  const folder = t.testdir({})
  const file = join(folder, 'later/cert')
  const { change } = watching(t, [file], { ...told, pollMs: 10 })
  mkdirSync(join(folder, 'later'))
  writeFileSync(file, 'one')
  await change(1)
  const quiet = watching(t, [file], { ...told, settleMs: 3_600_000, settleMaxMs: 3_600_000 })
  writeFileSync(file, 'two')
  quiet.watch.forget()
  quiet.watch.look()
  t.equal(quiet.seen.changes, 0)
  writeFileSync(file, 'three')
  quiet.watch.look()
  t.equal(quiet.seen.changes, 1)
})
