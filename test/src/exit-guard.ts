import { spawnSync } from 'node:child_process'
import { test } from 'tap'
import { forgetAtExit, stopAtExit } from '../../src/exit-guard.js'

test('one listener for all engines, none without engines', async (t) => {
  const before = process.listenerCount('exit')
  const engines = Array.from({ length: 20 }, () => ({ stop() {} }))
  for (const engine of engines) stopAtExit(engine)
  t.equal(process.listenerCount('exit'), before + 1)
  for (const engine of engines) forgetAtExit(engine)
  t.equal(process.listenerCount('exit'), before)
})

test('an engine is stopped when the process exits', async (t) => {
  const script = `
    import { stopAtExit, forgetAtExit } from ${JSON.stringify(new URL('../../dist/src/exit-guard.js', import.meta.url).href)}
    const gone = { stop() { console.log('never') } }
    stopAtExit(gone)
    stopAtExit({ stop() { console.log('stopped') } })
    forgetAtExit(gone)
    process.exit(3)`
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  t.equal(stdout, 'stopped\n')
  t.equal(status, 3)
})
